import assert from "node:assert/strict";
import { join } from "node:path";
import { Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";
import { until } from "../harness/until.ts";
import { asCustomer, type Customer, signedIn, upload } from "../harness/tus.ts";

const FILE = "id,v\n9,A\n9,B\n\n9,C\n10,D\n";
const bytes = (text: string) => new TextEncoder().encode(text);

const moduleOf = (repeatedKeys: string) => ({
  "ingest.ts": `import { csv, defineIngest } from "mysimbdp";
export default defineIngest({
  files: "*.csv",
  format: csv(),
  tables: {
    t: {
      columns: { id: "int", v: "text" },
      partitionKey: ["id"],
      ${repeatedKeys}
    },
  },
  row: (record) => ({ t: { id: record["id"], v: record["v"] } }),
});
`,
  "tenant.json": JSON.stringify({ permissions: { write: ["t"] }, limits: { rejectShare: 0.5 } }),
});

async function platformWith(repeatedKeys: string): Promise<[Platform, Customer]> {
  const platform = await Platform.create("[manage]\nscan_seconds = 0.5\n");
  await platform.seedAccounts();
  const { url } = await platform.serve();
  await platform.deploy("customer-1", moduleOf(repeatedKeys));
  return [platform, { url, user: "customer-1", password: "password-1" }];
}

Deno.test("keys that repeat within a file are counted wherever counts are", async (t) => {
  const [platform, customer] = await platformWith("");
  await using _ = platform;
  const { url, user, password } = customer;
  const counts = { read: 5, stored: 2, replaced: 2, rejected: 0, skipped: 1, written: 4 };
  const input = await platform.inputDir({ "a.csv": FILE });

  await t.step("fetch --wait", async () => {
    platform.manage();
    const args = ["fetch", "-u", user, "-p", password, "--server", url, "-d", input, "--wait"];
    const { stdout } = await run(args);
    assert.match(stdout, /loaded .*a\.csv .*5 read, 2 stored, 2 replaced, 1 skipped$/m);
    assert.match(stdout, /notice: 2 records were replaced .*; the first: id=9, again on line 3$/m);
  });

  await t.step("the table, the ledger and the API", async () => {
    const [file] = await platform.files();
    assert.deepEqual(file?.rows, counts);
    assert.deepEqual(platform.query(user, 'SELECT "id", "v" FROM "t" ORDER BY 1'), [
      { id: 9, v: "C" },
      { id: 10, v: "D" },
    ]);
    const view = await (await asCustomer(customer, `/v1/files/${file.id}`)).json();
    assert.deepEqual(view.rows, counts);
    const listed = await platform.must("manage", "files");
    assert.match(listed, /read +stored +replaced/);
  });

  await t.step("the dashboard", async () => {
    const [file] = await platform.files();
    const Cookie = await signedIn(customer);
    const list = await (await fetch(url, { headers: { Cookie } })).text();
    assert.match(list, /2 replaced/);
    const page = await (await fetch(`${url}/files/${file!.id}`, { headers: { Cookie } })).text();
    assert.match(page, /<dt>Replaced<\/dt>\s*<dd>2/);
    assert.match(page, /2 stored, 2 replaced, 0 rejected, 1 skipped/);
  });

  await t.step("a file that is loaded again does not repeat its own keys", async () => {
    const [file] = await platform.files();
    await platform.must("manage", "replay", file!.id);
    const again = await until("the file was loaded again", async () => {
      const [now] = await platform.files();
      return now?.state === "ingested" && now.finishedAt !== file!.finishedAt ? now : null;
    });
    assert.deepEqual(again.rows, counts);
  });

  await t.step("a test run", async () => {
    const { code, stdout } = await platform.run(
      ...["manage", "tenant", "test", await moduleFolder(""), join(input, "a.csv")],
    );
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^5 read = 2 stored \+ 2 replaced \+ 0 rejected \+ 1 skipped; nothing/m);
  });
});

async function moduleFolder(repeatedKeys: string): Promise<string> {
  const folder = await Deno.makeTempDir();
  for (const [name, text] of Object.entries(moduleOf(repeatedKeys))) {
    await Deno.writeTextFile(join(folder, name), text);
  }
  return folder;
}

Deno.test("repeated keys are rejected, with the line of the first", async () => {
  const [platform, customer] = await platformWith('repeatedKeys: "reject",');
  await using _ = platform;
  await upload(customer, "a.csv", bytes(FILE));
  await platform.run("manage", "--once");
  const [file] = await platform.files();
  assert.equal(file?.state, "ingested");
  const counts = { read: 5, stored: 2, replaced: 0, rejected: 2, skipped: 1, written: 2 };
  assert.deepEqual(file.rows, counts);
  const rejects = (await platform.must("manage", "rejects", file.id, "--json")).trim().split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(rejects, [
    { line: 3, column: "id", reason: "the key id=9 was already on line 2", raw: "9,B" },
    { line: 5, column: "id", reason: "the key id=9 was already on line 2", raw: "9,C" },
  ]);
  const [row] = platform.query("customer-1", 'SELECT "v" FROM "t" WHERE "id" = 9');
  assert.equal(row?.["v"], "A");
});

Deno.test("a repeated key fails the file if the module says so; earlier files do not count", async () => {
  const [platform, customer] = await platformWith('repeatedKeys: "fail",');
  await using _ = platform;
  await upload(customer, "good.csv", bytes("id,v\n9,A\n10,B\n"));
  await upload(customer, "bad.csv", bytes(FILE));
  await upload(customer, "same.csv", bytes("id,v\n9,X\n"));
  await platform.run("manage", "--once");
  const [good] = await platform.files({ name: "good.csv" });
  const [bad] = await platform.files({ name: "bad.csv" });
  const [same] = await platform.files({ name: "same.csv" });
  assert.deepEqual([good?.state, same?.state], ["ingested", "ingested"]);
  assert.equal(bad?.state, "quarantined");
  assert.equal(bad.reason?.code, "repeated-key");
  assert.match(bad.reason.message, /the key id=9 of table "t" is on line 2 and again on line 3\./);
  const rows = platform.query("customer-1", 'SELECT "id", "v" FROM "t" ORDER BY 1');
  assert.deepEqual(rows, [{ id: 9, v: "X" }, { id: 10, v: "B" }]);
});
