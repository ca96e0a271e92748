import assert from "node:assert/strict";
import { join } from "node:path";
import { infer, type InferFlags } from "../../src/cli/fetch/module_infer.ts";
import { FakeIo, type FakeIoOptions } from "./fake_io.ts";

/** Runs `module infer` on files, and returns what it printed. */
async function inferred(
  files: Record<string, string>,
  flags: Partial<InferFlags> = {},
  options: FakeIoOptions = {},
) {
  const dir = await Deno.makeTempDir({ prefix: "mysimbdp-infer-" });
  const io = new FakeIo(options);
  try {
    const paths = Object.keys(files).map((name) => join(dir, name));
    for (const [i, text] of Object.values(files).entries()) {
      await Deno.writeTextFile(paths[i]!, text);
    }
    const write = () => Promise.reject(new Error("no --out"));
    const code = await infer({ io, done() {} }, { test: false, ...flags }, paths, write);
    return { code, out: io.out, err: io.err };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("infer prints the module, and beside it the key, doubts and the test of each file", async () => {
  const { code, out, err } = await inferred({
    "sales_1.csv": "id,day,price\n1,1/2/2024,1.50\n2,3/4/2024,2.25\n",
    "sales_2.csv": "id,day,price\n3,5/6/2024,N/A\n",
  }, { test: true });
  assert.equal(code, 0);
  assert.match(out, /^import \{ csv, defineIngest \} from "mysimbdp";\n/);
  assert.match(out, /price: \{ type: "decimal", null: \["N\/A"\] \},/);
  assert.match(err, /^key: id is unique in all 3 records, and its name is that of a key$/m);
  assert.match(err, /^unsure: day: its dates fit "D\/M\/YYYY" and "M\/D\/YYYY"/m);
  assert.match(
    err,
    /^test: sales_1.csv: 2 rows, no rejects\ntest: sales_2.csv: 1 row, no rejects$/m,
  );
});

Deno.test("infer --json: findings as one object", async () => {
  const { out, err } = await inferred({ "a.csv": "station id,t\n1,1\n2,2\n" }, { json: true });
  const found = JSON.parse(out);
  assert.equal(err, "");
  assert.deepEqual(found.files, ["a.csv"]);
  assert.deepEqual(found.format, { kind: "csv", options: {} });
  assert.deepEqual(found.columns[0], {
    name: "station_id",
    from: "station id",
    type: "int",
    options: {},
    isKey: true,
  });
  assert.deepEqual(found.key.partition, ["station_id"]);
  assert.deepEqual(found.tests, []);
});

Deno.test("infer names the rejects of a sample, and fails if it would not be loaded", async () => {
  const rows = Array.from({ length: 3 }, (_, i) => `${i},x\n`).join("");
  const { code, out, err } = await inferred({ "a.csv": `id,name\n${rows}3\n` }, { test: true });
  assert.equal(code, 1);
  assert.match(out, /\/\/ 1 record cannot be read, the first at line 5: it has 1 field/);
  assert.match(err, /^test: a.csv: .*reject/m);
});

const KEYED = "id,price\n1,1.50\n2,2.25\n";
const WITHOUT_KEY = "price,amount\n1.50,1\n1.50,1\n";

Deno.test("infer says what a new version of a file means, from the key or growing samples", async () => {
  const keyed = await inferred({ "a.csv": KEYED });
  assert.match(
    keyed.out,
    /the same key; choose "replace" if records[^]*\n {2}versions: "add",\n/,
  );
  assert.match(keyed.err, /^versions: add: a record that is sent again replaces/m);
  const open = await inferred({ "a.csv": WITHOUT_KEY });
  assert.match(open.out, /\n {2}versions: "add",\n/);
  assert.match(open.err, /^unsure: versions: the records have no key/m);
  const longer = `${WITHOUT_KEY}2.50,1\n`;
  const grown = await inferred({ "day.csv": longer, "day_1.csv": WITHOUT_KEY });
  assert.match(
    grown.out,
    /The sample\s+(\/\/ )?day\.csv starts with all[^]*\n {2}versions: "replace",\n/,
  );
  assert.match(grown.err, /^versions: replace: the sample day\.csv starts with all of day_1\.csv/m);
  const other = await inferred({
    "a.csv": WITHOUT_KEY,
    "b.csv": longer.replace("1.50,1", "1.51,1"),
  });
  assert.match(other.out, /versions: "add"/);
  const json = JSON.parse((await inferred({ "a.csv": WITHOUT_KEY }, { json: true })).out);
  assert.equal(json.versions.choice, "add");
});

Deno.test("infer asks for the choice on a terminal only if the samples leave it open", async () => {
  const files = { "a.csv": WITHOUT_KEY };
  const terminal = true;
  const asked = await inferred(files, {}, { terminal, input: ["what?\n", "r\n"] });
  assert.match(asked.err, /a {2}add: .*\n {2}r {2}replace: .*\nType a or r \[a\]: Type a or r: /);
  assert.match(asked.out, /As chosen\.\n {2}versions: "replace",\n/);
  assert.match(asked.err, /^versions: replace: as chosen$/m);
  const enter = await inferred(files, {}, { terminal, input: ["\n"] });
  assert.match(enter.out, /versions: "add",/);
  const unasked: [Record<string, string>, Partial<InferFlags>][] = [
    [files, { versions: "replace" }],
    [files, { json: true }],
    [{ "a.csv": KEYED }, {}],
  ];
  for (const [given, flags] of unasked) {
    assert.doesNotMatch((await inferred(given, flags, { terminal })).err, /Type a or r/);
  }
  assert.match((await inferred(files, { versions: "replace" })).out, /versions: "replace",/);
});
