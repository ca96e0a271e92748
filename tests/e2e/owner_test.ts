import assert from "node:assert/strict";
import { join } from "node:path";
import { keepAll, writeModule } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { runTool } from "../harness/tools.ts";
import { run, type Running } from "../harness/process.ts";

/** A user without a name; only root can give files to it. */
const SERVICE = 65_123;
const ignore = Deno.build.os !== "linux" || Deno.uid() !== 0;

/** The paths in a folder that do not belong to the service's user. */
function foreign(dir: string): string[] {
  const found: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(dir)) {
    const path = join(dir, name);
    if (Deno.lstatSync(path).uid !== SERVICE) found.push(path);
    if (isDirectory) found.push(...foreign(path));
  }
  return found;
}

async function ended(process: Running): Promise<number> {
  return (await process.ended()).code;
}

Deno.test({
  name: "what root's commands write belongs to the owner of the data directory",
  ignore,
  async fn(t) {
    await using platform = await Platform.create("", undefined, "sqlite:", SERVICE);
    const { data } = platform;
    const asRoot = async (...args: string[]) => {
      const { code, stdout, stderr } = await run([...args, "--data", data]);
      assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
      assert.deepEqual(foreign(data), [], args.join(" "));
      return stdout;
    };
    const module = await writeModule(await platform.scratch(), keepAll());
    await t.step("the service loads with a module that root has deployed", async () => {
      await asRoot("manage", "tenant", "add", "t1", "-p", "secret", "--module", module);
      await asRoot("manage", "tenant", "deploy", "t1", module);
      await asRoot("manage", "tenant", "rollback", "t1");
      await asRoot("manage", "tenant", "passwd", "t1", "-p", "secret", "--grace", "1h");
      await asRoot("manage", "tenant", "secret", "set", "t1", "KEY", "--value", "1");
      await platform.stage("t1", "a.csv", "x\n1\n");
      await Deno.chown(join(data, "staging/t1"), SERVICE, SERVICE);
      await Deno.chown(join(data, "staging/t1/a.csv"), SERVICE, SERVICE);
      assert.equal((await platform.run("manage", "--once")).code, 0);
      assert.equal(platform.count("t1", "items"), 1);
    });
    await t.step("root loads while the service receives", async () => {
      const serve = platform.start(["serve", "--listen", "127.0.0.1:0"]);
      const url = (await serve.line(/^listening on /)).replace("listening on ", "").trim();
      const input = await platform.inputDir({ "b.csv": "x\n2\n3\n" });
      const sent = await run(
        ["fetch", "-u", "t1", "-p", "secret", "-d", input, "--server", url],
      );
      assert.equal(sent.code, 0, sent.stderr);
      await asRoot("manage", "--once");
      const [file] = await platform.files({ name: "b.csv" });
      await asRoot("manage", "replay", file?.id ?? "");
      await asRoot("manage", "--once");
      await asRoot("manage", "doctor");
      await asRoot("manage", "operator", "passwd", "admin");
      assert.equal((await serve.stop()).code, 0);
    });
    await t.step("serve and manage themselves, started by root", async () => {
      const serve = platform.start(["serve", "--listen", "127.0.0.1:0"], { uid: 0 });
      await serve.line(/^listening on /);
      const manage = platform.start(["manage"], { uid: 0 });
      await manage.line(/"event":"manage\.started"/);
      await manage.stop();
      await serve.stop();
      assert.deepEqual(foreign(data), []);
      assert.equal(await ended(platform.start(["manage", "--once"])), 0);
    });
    await t.step("doctor names what belongs to another user, and how to correct it", async () => {
      const module = join(data, "tenants/t1", Deno.readLinkSync(join(data, "tenants/t1/current")));
      await Deno.chown(join(module, "module.js"), 0, 0);
      await Deno.chmod(join(module, "tenant.json"), 0o200);
      const { code, stdout } = await run(["manage", "doctor", "-q", "--data", data]);
      assert.equal(code, 1);
      const owner = /belongs to user 65123, but not \/.*module\.js \(user 0\)\n +Run as root: (.*)/;
      const chown = owner.exec(stdout)?.[1] ?? "";
      assert.equal(chown, `chown -R ${SERVICE}:${SERVICE} ${data}`, stdout);
      assert.match(stdout, /the owner cannot use \/.*tenant\.json\n +Run: chmod -R u\+rwX /);
      await platform.stage("t1", "c.csv", "x\n1\n");
      const loading = await platform.run("manage", "--once");
      assert.match(loading.stderr, /permission is denied/);
      for (const command of [chown, `chmod -R u+rwX ${data}`]) {
        const [program = "", ...args] = command.split(" ");
        assert.equal((await runTool(program, args)).code, 0);
      }
      assert.equal((await platform.run("manage", "--once")).code, 0);
      await asRoot("manage", "doctor");
    });
    await t.step("init and restore into a folder of the service", async () => {
      const [empty, fresh] = [join(platform.dir, "empty"), join(platform.dir, "fresh")];
      await Deno.mkdir(empty);
      await Deno.chown(empty, SERVICE, SERVICE);
      assert.equal((await run(["manage", "init", "--data", empty])).code, 0);
      assert.deepEqual(foreign(empty), []);
      const backup = join(platform.dir, "backup");
      await asRoot("manage", "backup", backup);
      await Deno.mkdir(fresh);
      await Deno.chown(fresh, SERVICE, SERVICE);
      const { code, stderr } = await run(["manage", "restore", backup, "--data", fresh]);
      assert.equal(code, 0, stderr);
      assert.deepEqual(foreign(fresh), []);
      assert.equal(Deno.statSync(fresh).uid, SERVICE);
      assert.equal(Deno.statSync(backup).uid, 0, "a backup stays root's own");
    });
  },
});
