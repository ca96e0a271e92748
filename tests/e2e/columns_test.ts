import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../harness/binary.ts";
import { type ModuleFiles, writeModule } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";
import { asCustomer, signedIn } from "../harness/tus.ts";

const TABLE =
  `{ t: { columns: { id: "text", amount: "double", city: "text" }, partitionKey: ["id"] } }`;
const ROW =
  `row: (record, ctx) => ({ t: { id: record.id, amount: record.amount, city: record.city } }),`;

/** A module for table `t`. */
function moduleOf(format: string, row = "", tables = TABLE, rest = ""): ModuleFiles {
  return {
    "tenant.json": JSON.stringify({ limits: { rejectShare: 1 } }),
    "ingest.ts": `import { avro, csv, defineIngest, jsonl, parquet, xlsx } from "mysimbdp";
void [avro, csv, jsonl, parquet, xlsx];
export default defineIngest({ files: "*", format: ${format}, tables: ${tables}, ${row} ${rest} });
`,
  };
}

const GOOD = "id,amount,city\n1,5.5,Paris\n2,6,Rome\n";
/** Files whose header is not the module's: name, content, a text of the reason. */
const BAD: [string, string, RegExp][] = [
  [
    "renamed.csv",
    "id,amount_eur,city\n1,7,Paris\n",
    /column "amount" is missing; the file has "amount_eur"; did you mean that\?/,
  ],
  [
    "case.csv",
    "ID,Amount,City\n1,7,Paris\n",
    /columns "id", "amount" and "city" are missing; the file has "ID", "Amount" and "City"/,
  ],
  ["blank.csv", "id, amount, city\n1,7,Paris\n", /columns "amount" and "city" are missing/],
  ["missing.csv", "id,city\n1,Paris\n", /column "amount" is missing; its columns are "id", "city"/],
  ["semicolon.csv", "id;amount;city\n1;7;Paris\n", /the header has ";" between its names/],
  ["login.csv", "<html><body>Session expired</body></html>\n", /web page/],
  [
    "text.csv",
    "Service unavailable\nplease retry\n",
    /columns "id", "amount" and "city" are missing/,
  ],
];

Deno.test("a file with other columns never overwrites good rows, with row and without", async (t) => {
  await using platform = await Platform.create("[manage]\nscan_seconds = 0.5\n");
  await platform.seedAccounts();
  const users = { "customer-1": moduleOf("csv()", ROW), "customer-2": moduleOf("csv()") };
  for (const [user, module] of Object.entries(users)) {
    await platform.must(
      "manage",
      "tenant",
      "deploy",
      user,
      await writeModule(await platform.scratch(), module),
    );
  }
  const { url } = await platform.serve();
  platform.manage();
  for (const [n, user] of Object.keys(users).entries()) {
    const send = async (files: Record<string, string>) => {
      const dir = await platform.inputDir(files);
      const args = ["fetch", "-u", user, "-p", `password-${n + 1}`, "-d", dir, "--server", url];
      const { code, stdout } = await run([...args, "--wait", "--json"]);
      const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
      return { code, lines: lines.filter(({ type }) => type === "file") };
    };
    const rows = () => platform.query(user, 'SELECT "id", "amount", "city" FROM "t" ORDER BY "id"');
    const stored = [{ id: "1", amount: 5.5, city: "Paris" }, { id: "2", amount: 6, city: "Rome" }];
    assert.equal((await send({ "good.csv": GOOD })).code, 0);
    assert.deepEqual(rows().map((row) => ({ ...row })), stored);
    const { code, lines } = await send(Object.fromEntries(BAD.map(([name, text]) => [name, text])));
    assert.equal(code, 1);
    for (const [name, , reason] of BAD) {
      await t.step(`${user}: ${name}`, () => {
        const line = lines.find((each) => each.name === name);
        assert.equal(line.status, "quarantined", JSON.stringify(line));
        assert.match(line.reason, reason);
      });
    }
    assert.deepEqual(rows().map((row) => ({ ...row })), stored);
  }

  await t.step("columns that the module ignores are reported everywhere", async () => {
    const user = { url, user: "customer-2", password: "password-2" };
    const text = 'columns "note" and "x" are not read by the module';
    const dir = await platform.inputDir({ "more.csv": "note,id,x,amount,city\nn,3,x,1,Oslo\n" });
    const args = ["fetch", "-u", user.user, "-p", user.password, "-d", dir, "--server", url];
    const { stdout, code } = await run([...args, "--wait"]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, new RegExp(`loaded .*more\\.csv.*\\n +notice: ${text}\\n`));
    const [file] = await platform.files({ tenant: user.user, name: "more.csv" });
    assert.deepEqual(file?.notices, [text]);
    const view = await (await asCustomer(user, `/v1/files/${file?.id}`)).json();
    assert.deepEqual(view.notices, [text]);
    const headers = { Cookie: await signedIn(user) };
    const page = await (await fetch(`${url}/files/${file?.id}`, { headers })).text();
    assert.ok(page.includes(text.replaceAll('"', "&quot;")), page);
    const log = await (await asCustomer(user, "/v1/module/log")).json();
    const notices = log.entries.filter(({ kind }: { kind: string }) => kind === "notice");
    assert.deepEqual(notices.map(({ message }: { message: string }) => message), [text]);
  });
});

interface Tested {
  rows: { row: Record<string, unknown> }[];
  notices: string[];
  counts: Record<string, number>;
  failure: { code: string; message: string } | null;
}

/** Runs a module on files without storing anything. */
async function test(platform: Platform, module: ModuleFiles, files: Record<string, string>) {
  const dir = await writeModule(await platform.scratch(), module);
  const input = await platform.inputDir(files);
  const paths = Object.keys(files).map((name) => join(input, name));
  const { stdout, stderr } = await run(["manage", "tenant", "test", dir, ...paths, "--json"]);
  assert.notEqual(stdout, "", stderr);
  return stdout.trim().split("\n").map((line): Tested => JSON.parse(line));
}

const SAMPLES = join(ROOT, "tests/samples");

Deno.test("every format with named columns holds files to the contract", async (t) => {
  await using platform = await Platform.create();
  const formats = [["xlsx", "weather.xlsx"], ["parquet", "weather-snappy.parquet"], [
    "avro",
    "weather-deflate.avro",
  ]] as const;
  for (const [format, file] of formats) {
    const testSample = async (module: ModuleFiles) => {
      const dir = await writeModule(await platform.scratch(), module);
      const path = join(SAMPLES, file);
      const { stdout, stderr } = await run(["manage", "tenant", "test", dir, path, "--json"]);
      assert.notEqual(stdout, "", stderr);
      return JSON.parse(stdout) as Tested;
    };
    const table = (from: string) =>
      `{ t: { columns: { id: { type: "uuid", value: "rowId" }, wind: { type: "double", from: ${from} } }, partitionKey: ["id"] } }`;
    await t.step(`${format}: without row`, async () => {
      const { failure, counts, notices } = await testSample(
        moduleOf(`${format}()`, "", table('"wind"')),
      );
      assert.equal(failure, null);
      assert.equal(counts["stored"], counts["read"]);
      assert.match(notices.join(), /are not read by the module/);
      const missing = await testSample(moduleOf(`${format}()`, "", table('"winds"')));
      assert.equal(missing.failure?.code, "column-missing");
      assert.match(
        missing.failure.message,
        /column "winds" is missing; the file has "wind"; did you mean that\?/,
      );
    });
    await t.step(`${format}: a name that row reads`, async () => {
      const columns = `{ t: { columns: { id: "uuid", wind: "double" }, partitionKey: ["id"] } }`;
      const row = (name: string) =>
        `row: (record, ctx) => ({ t: { id: ctx.rowId, wind: record["${name}"] } }),`;
      assert.equal((await testSample(moduleOf(`${format}()`, row("wind"), columns))).failure, null);
      const { failure } = await testSample(moduleOf(`${format}()`, row("Wind"), columns));
      assert.equal(failure?.code, "column-missing");
      const loose = moduleOf(`${format}({ match: "loose" })`, row("Wind"), columns);
      assert.equal((await testSample(loose)).failure, null);
      const aliases = moduleOf(
        `${format}({ aliases: { Wind: "wind" }, columns: ["Wind"] })`,
        row("Wind"),
        columns,
      );
      assert.equal((await testSample(aliases)).failure, null);
    });
  }
});

Deno.test("a name that no record of a JSON Lines file has fails it; one that some have does not", async () => {
  await using platform = await Platform.create();
  const [some, none, typo] = await test(platform, moduleOf("jsonl()", ROW), {
    "some.jsonl": '{"id":"1","amount":1}\n{"id":"2","city":"Oslo"}\n',
    "none.jsonl": '{"id":"1","amount":1}\n{"id":"2","amount":2}\n',
    "typo.jsonl": '{"id":"1","amount":1,"City":"Oslo"}\n',
  });
  assert.deepEqual(some?.rows.map(({ row }) => row), [
    { id: "1", amount: 1, city: null },
    { id: "2", amount: null, city: "Oslo" },
  ]);
  assert.equal(none?.failure?.code, "column-missing");
  assert.match(typo?.failure?.message ?? "", /column "city" is missing; the file has "City"/);
});

Deno.test("names that are special in the language are columns like others", async () => {
  await using platform = await Platform.create();
  const names = [
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "a b",
    'q"uote',
    "ünï",
    "$'`\\",
  ];
  const row = `row: (record, ctx) => ({ t: { id: ctx.rowId, all: JSON.stringify(
    ${
    JSON.stringify(names)
  }.map((name) => record[name])), keys: JSON.stringify(Object.keys(record)) } }),`;
  const tables =
    `{ t: { columns: { id: "uuid", all: "text", keys: "text" }, partitionKey: ["id"] } }`;
  const header = names.map((name) => `"${name.replaceAll('"', '""')}"`).join();
  const values = names.map((_, i) => `v${i}`);
  const object = `{${names.map((name, i) => `${JSON.stringify(name)}:"v${i}"`).join()}}`;
  for (
    const [format, file, content] of [
      ["csv()", "a.csv", `${header}\n${values}\n`],
      ["jsonl()", "a.jsonl", `${object}\n`],
    ]
  ) {
    const [result] = await test(platform, moduleOf(format!, row, tables), { [file!]: content! });
    assert.deepEqual(
      JSON.parse(String(result?.rows[0]?.row["all"])),
      values,
      JSON.stringify(result),
    );
    assert.deepEqual(JSON.parse(String(result?.rows[0]?.row["keys"])), names);
  }
});

Deno.test("a file of which nothing was stored is no success, unless the module says so", async () => {
  await using platform = await Platform.create();
  const files = { "header.csv": "id,amount,city\n", "skipped.csv": "id,amount,city\n1,2,x\n" };
  const skip = 'row: (record) => record.id === "" ? { t: {} } : null,';
  const codes = (all: Tested[]) => all.map(({ failure }) => failure?.code ?? null);
  const nothing = ["nothing-stored", "nothing-stored"];
  assert.deepEqual(codes(await test(platform, moduleOf("csv()", skip), files)), nothing);
  const allowed = moduleOf("csv()", skip, TABLE, "allowEmpty: true");
  assert.deepEqual(codes(await test(platform, allowed, files)), [null, null]);
  const declared = moduleOf('csv({ columns: ["id"] })', skip);
  assert.deepEqual(codes(await test(platform, declared, files)), [null, null]);
  const rejected = { "rejected.csv": "id,amount,city\n1,x,y\n", "other.csv": "id,city\n" };
  const results = await test(platform, moduleOf("csv()"), { ...files, ...rejected });
  assert.deepEqual(codes(results), [null, null, "nothing-stored", "column-missing"]);
  assert.equal(results[1]?.counts["stored"], 1);
  const empty = { "blank.jsonl": "\n\n" };
  assert.deepEqual(codes(await test(platform, moduleOf("jsonl()"), empty)), ["nothing-stored"]);
  const jsonl = moduleOf("jsonl()", "", TABLE, "allowEmpty: true");
  assert.deepEqual(codes(await test(platform, jsonl, empty)), [null]);
});
