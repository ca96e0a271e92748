import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { keepAll } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";

Deno.test("sqlite: a file waits, uncounted, while its tenant's database cannot be used", async () => {
  await using platform = await Platform.create("[manage]\nmax_attempts = 1\n");
  await platform.deploy("one", keepAll());
  await platform.stage("one", "a.csv", "a,b\n1,2\n");
  const path = join(platform.data, "db", "tenants", "one.sqlite");

  const waits = async (code: string, text: RegExp) => {
    const { code: exit, stdout, stderr } = await platform.run("manage", "--once");
    assert.equal(exit, 5, stderr);
    assert.match(`${stdout}${stderr}`, text);
    const [file] = await platform.files();
    assert.equal(file?.state, "queued", JSON.stringify(file));
    assert.equal(file.attempts, 0);
    assert.equal(file.reason?.code, code);
    const { message } = file.reason;
    assert.match(message, /^Cannot load the file yet: the platform's database .*you need not/);
    for (const inner of [platform.data, "sqlite", "locked", "    at "]) {
      assert.ok(!message.includes(inner), message);
    }
  };
  const other = new DatabaseSync(path);
  other.exec("BEGIN EXCLUSIVE");
  await waits("storage-busy", /database is locked/);
  other.close();
  await Deno.rename(path, `${path}.kept`);
  await Deno.mkdir(path);
  await waits("storage-unreachable", /unable to open database/);
  await Deno.remove(path);
  await Deno.writeTextFile(path, "not a database ".repeat(1_000));
  await waits("storage-corrupt", /not a database/);
  await Deno.rename(`${path}.kept`, path);
  await platform.must("manage", "--once");
  const [file] = await platform.files();
  assert.equal(file?.state, "ingested", JSON.stringify(file));
  assert.equal(file.attempts, 1);
});
