import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Layout } from "../../src/data/layout.ts";
import { DATA_VERSION } from "../../src/data/version.ts";
import { openData } from "../../src/upkeep/open_data.ts";
import { ROOT } from "../harness/binary.ts";
import { Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";
import { isMissing, runTool } from "../harness/tools.ts";

/** A platform with a data directory of version 1. */
async function leftByVersion1(): Promise<Platform> {
  const platform = await Platform.create();
  await Deno.remove(platform.data, { recursive: true });
  await Deno.mkdir(platform.data);
  const archive = join(ROOT, "tests/upkeep/data_version_1.tar.gz");
  const { code, stderr } = await runTool("tar", ["-xzf", archive, "-C", platform.data]);
  assert.equal(code, 0, stderr);
  return platform;
}

const dataVersion = (data: string) => Deno.readTextFileSync(join(data, "version"));

Deno.test({
  name: "a data directory of version 1 is upgraded, and can be restored from the backup",
  ignore: isMissing("tar"),
  async fn() {
    await using platform = await leftByVersion1();
    const manage = await platform.run("manage", "--once");
    assert.equal(manage.code, 0, manage.stderr);
    assert.match(
      manage.stderr,
      new RegExp(`"event":"data\\.upgraded","from":1,"to":${DATA_VERSION}`),
    );
    assert.equal(dataVersion(platform.data), `${DATA_VERSION}\n`);
    const receipts = new DatabaseSync(join(platform.data, "db/receipts.sqlite"), {
      readOnly: true,
    });
    assert.ok(receipts.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'receipts_age'").get());
    receipts.close();
    // The waiting file was loaded; the earlier ones are still there.
    assert.deepEqual((await platform.files()).map(({ state }) => state), Array(3).fill("ingested"));
    assert.equal(platform.query("customer-2", "SELECT * FROM kept").length, 4);

    const backups = [...Deno.readDirSync(join(platform.data, "backups"))].map(({ name }) => name);
    assert.equal(backups.length, 1);
    const before = join(platform.dir, "before");
    const backup = join(platform.data, "backups", backups[0] ?? "");
    const { code, stderr } = await run(["manage", "restore", backup, "--data", before]);
    assert.equal(code, 0, stderr);
    assert.equal(existsSync(join(before, "version")), false, "it has version 1 again");
    const again = await run(["manage", "--once", "--data", before]);
    assert.match(again.stderr, /"event":"data\.upgraded"/);
  },
});

Deno.test({
  name: "files in state `rejected` become `refused`, and the ledger takes the new state",
  ignore: isMissing("tar"),
  async fn() {
    await using platform = await leftByVersion1();
    const path = join(platform.data, "db/ledger.sqlite");
    const before = new DatabaseSync(path);
    before.exec(
      "UPDATE files SET state = 'rejected', reason_code = 'empty-file', reason_message = 'x'",
    );
    const earlier = before.prepare("SELECT * FROM files ORDER BY id").all()
      .map((row): Record<string, unknown> => {
        return { ...row, state: "refused", notices: null, replaced_by: null, replay: null };
      });
    before.close();
    const { code, stderr } = await platform.run("manage", "--once");
    assert.equal(code, 0, stderr);
    const after = new DatabaseSync(path, { readOnly: true });
    const ids = earlier.map(({ id }) => `'${id}'`).join();
    const rows = after.prepare(`SELECT * FROM files WHERE id IN (${ids}) ORDER BY id`).all();
    assert.ok(rows.length > 0);
    assert.deepEqual(rows.map((row) => ({ ...row })), earlier);
    const indexes = after.prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'files' AND sql NOT NULL",
    ).all().map(({ name }) => name);
    assert.deepEqual(indexes.sort(), ["files_by_tenant", "files_of_name", "files_pending"]);
    after.close();
    const listed = await platform.run("manage", "files", "--state", "refused", "--json");
    assert.equal(listed.stdout.trim().split("\n").length, rows.length);
  },
});

Deno.test("results and requests of test runs are found under their new names", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const layout = new Layout(dir);
    const version = join(layout.moduleRoot, "customer-2/v1-d8c74f53");
    const [before, after] = [join(version, "trial.json"), join(version, "test-run.json")];
    await Deno.mkdir(join(layout.moduleRoot, ".inbox/trials"), { recursive: true });
    await Deno.mkdir(version, { recursive: true });
    await Deno.writeTextFile(before, "{}");
    await Deno.writeTextFile(join(layout.moduleRoot, ".inbox/trials/customer-2.json"), "[]");
    await Deno.writeTextFile(join(dir, "version"), "2\n");
    await openData(layout);
    const request = join(layout.moduleRoot, ".inbox/test-runs/customer-2.json");
    assert.equal(await Deno.readTextFile(after), "{}");
    assert.equal(await Deno.readTextFile(request), "[]");
    assert.equal(existsSync(before), false);
    // A process that was killed before it wrote the version repeats the upgrade.
    await Deno.writeTextFile(join(dir, "version"), "3\n");
    await openData(layout);
    assert.equal(await Deno.readTextFile(after), "{}");
    assert.equal(dataVersion(dir), `${DATA_VERSION}\n`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test({
  name: "serve upgrades it too; while a service runs, nothing is changed",
  ignore: isMissing("tar"),
  async fn() {
    await using platform = await leftByVersion1();
    const lock = new DatabaseSync(join(platform.data, "db/manage.lock"));
    lock.exec("BEGIN EXCLUSIVE");
    const refused = await platform.run("serve", "--listen", "127.0.0.1:0");
    assert.equal(refused.code, 5, refused.stderr);
    assert.match(refused.stderr, /another manage is running/);
    assert.equal(existsSync(join(platform.data, "version")), false);
    lock.close();
    await platform.serve();
    assert.equal(dataVersion(platform.data), `${DATA_VERSION}\n`);
  },
});

Deno.test("every command refuses the data directory of a newer program", async () => {
  await using platform = await Platform.create();
  assert.equal(dataVersion(platform.data), `${DATA_VERSION}\n`);
  await Deno.writeTextFile(join(platform.data, "version"), "99\n");
  const commands = [
    ["serve", "--listen", "127.0.0.1:0"],
    ["manage", "--once"],
    ["manage", "init"],
    ["manage", "tenant", "add", "x"],
    ["manage", "tenant", "list"],
    ["manage", "files"],
    ["manage", "backup", join(platform.dir, "backup")],
  ];
  for (const command of commands) {
    const { code, stderr } = await platform.run(...command);
    assert.equal(code, 2, command.join(" "));
    assert.match(
      stderr,
      new RegExp(
        `it has version 99, but this program supports versions up to ${DATA_VERSION}\n {2}hint: Install the newer`,
      ),
    );
  }
});

Deno.test("both services start at the same time on a new directory: neither upgrades it", async () => {
  await using platform = await Platform.create();
  for (let round = 0; round < 3; round++) {
    await Deno.remove(platform.data, { recursive: true });
    await platform.must("manage", "init");
    const serve = platform.start(["serve", "--listen", "127.0.0.1:0"]);
    const manage = platform.start(["manage"]);
    await serve.line(/^listening on /);
    await manage.line(/"event":"manage\.started"/);
    assert.equal(dataVersion(platform.data), `${DATA_VERSION}\n`);
    for (const service of [serve, manage]) {
      await service.stop();
      assert.ok(!service.stderr.text.includes("data.upgraded"));
    }
  }
});
