import assert from "node:assert/strict";
import { generateTypes } from "../../scripts/module_types.ts";
import { moduleTypes, STARTER } from "../../src/sdk/author/starter.ts";
import { readDoc } from "../docs/markdown.ts";
import { compileModules } from "../harness/compile_modules.ts";

Deno.test("the types of the starter match src/sdk; if not, run: deno task types", () => {
  assert.equal(moduleTypes(), generateTypes());
  assert.match(moduleTypes(), /export declare function defineIngest</);
  assert.doesNotMatch(moduleTypes(), /^import /m);
});

const COLUMNS = `{ id: "uuid", day: "date", at: { type: "timestamp", unit: "s" }, n: "int",
      ok: "boolean", price: { type: "decimal", decimal: "," }, tags: "list<text>",
      size: "map<text, int>", raw: "blob", name: "text" }`;

/** A module with the tables `t` and `u`. */
const module = (rest: string, format = "csv()", key = 'partitionKey: ["id"]') =>
  `import { avro, csv, defineIngest, json, jsonl, parquet, tsv, xlsx, type Context } from "mysimbdp";
void [avro, csv, json, jsonl, parquet, tsv, xlsx];
export const context = (ctx: Context) => ctx;
export default defineIngest({
  files: "*",
  format: ${format},
  tables: {
    t: { columns: ${COLUMNS}, ${key} },
    u: { columns: { id: "uuid", day: "date" }, partitionKey: ["id"], clusteringKey: ["day"] },
  },
  ${rest}
});
`;
const row = (row: string) => module(`row: (record, ctx) => (${row}),`);

const GOOD = {
  "the starter": STARTER.ingest,
  "one row": row(`{ t: { id: ctx.rowId, n: Number(record["n"]) } }`),
  "every type": row(`{ t: { id: ctx.rowId, day: new Date("2024-03-01"), at: 1700000000, n: 12n,
    ok: 1, price: "1,5", tags: ["a"], size: { a: 1 }, raw: new Uint8Array(1), name: true } }`),
  "collections as text, Set and Map": row(
    `[{ t: { id: "", tags: '["a"]', size: new Map() } }, { t: { id: "", tags: new Set(["a"]) } }][0]`,
  ),
  "objects and arrays as text": row(
    `[{ t: { id: "", name: { a: 1, size: 2 } } }, { t: { id: "", name: [1, "a"] } }][0]`,
  ),
  "repeated keys": module(
    "row: () => null,",
    "csv()",
    'partitionKey: ["id"], repeatedKeys: "fail"',
  ),
  "rows that are merged": module(
    "row: () => null,",
    "csv()",
    'partitionKey: ["id"], onConflict: "merge"',
  ),
  "null and undefined": row(`{ t: { id: record["id"], n: null, name: undefined } }`),
  "several rows and tables": row(
    `{ t: [{ id: "a" }, { id: "b", n: 1 }], u: record["day"] ? { id: "a", day: record["day"] } : [] }`,
  ),
  "a mapped list": row(`{ t: [1, 2].map((n) => ({ id: ctx.rowId, n })) }`),
  "nothing": row(`record["n"] ? null : undefined`),
  "a reject": row(`ctx.reject("no day", "day")`),
  "an async row": module(`async row(record, ctx) {
    const found = await ctx.lookup("u", [record["id"] ?? "", new Date(0)]);
    if (found === null) return ctx.reject("not found");
    if (found.day === "") return;
    return { t: { id: ctx.rowId, day: found.day } };
  },`),
  "a row whose type is not known": module(`row(record, ctx) {
    const values: Record<string, unknown> = { ...record };
    return { t: { ...values, id: context(ctx).rowId }, u: JSON.parse("{}") };
  },`),
  "json": module(`row: (record) => ({ t: { id: record.id, n: record.n } }),`, "json()"),
  "excel": module(
    `row: (record) => ({ t: { id: record["a"], n: record["b"], day: record["b"] } }),`,
    "xlsx()",
  ),
  "names from the header": module(
    `row: (record, ctx) => ({ t: { id: record.id.trim(), name: record.b } }),`,
    `tsv({ header: ["id", "b"] })`,
  ),
  "declared names of formats with types": module(
    `row: (record) => ({ t: { id: record.id, n: record.n } }),`,
    `avro({ columns: ["id"], optional: ["n"], match: "loose", newColumns: "refuse" })`,
  ),
  "optional names without others": module(
    `row: (record) => ({ t: { id: record["id"], n: record["n"] } }),`,
    `jsonl({ optional: ["n"] })`,
  ),
  "an empty file is allowed": module("row: () => null, allowEmpty: true,"),
  "a reject names a declared field": module(
    `row: (record, ctx) => ctx.reject("no amount", "Amount"),`,
    `csv({ header: ["Amount"] })`,
  ),
  "without row": `import { csv, defineIngest } from "mysimbdp";
export default defineIngest({
  files: ["*.csv"],
  format: csv(),
  tables: {
    t: {
      columns: {
        id: { type: "uuid", value: "rowId" },
        price: { type: "decimal", from: ["Amount", "Betrag"], decimal: ",", group: ".", null: ["-"] },
        day: { type: "date", format: "DD.MM.YYYY", optional: true },
      },
      partitionKey: ["id"],
    },
  },
});`,
};

const ONLY_ROW = (options: string) =>
  module(`row: () => ({ t: { id: "" } }),`).replace(`n: "int"`, `n: { type: "int", ${options} }`);

/** Modules with a mistake, the start of its line, and the compiler's text or its end. */
const BAD: Record<string, [source: string, line: string, text: RegExp]> = {
  "a misspelt column": [
    row(`{ t: { id: "", nane: "x" } }`),
    "row:",
    /Fault<"table t has no column nane">/,
  ],
  "a misspelt column in a method with statements": [
    module(`row(record, ctx) {
    if (record["n"] === "") return ctx.reject("no n");
    return { t: { id: "", nane: "x" } };
  },`),
    "row(",
    /Fault<"table t has no column nane">/,
  ],
  "a misspelt column in a list": [
    row(`{ t: [{ id: "" }, { id: "", nane: "x" }] }`),
    "row:",
    /Fault<"table t has no column nane">/,
  ],
  "a misspelt column in a mapped list": [
    row(`{ t: [1, 2].map((nane) => ({ id: "", nane })) }`),
    "row:",
    /Fault<"table t has no column nane">/,
  ],
  "a misspelt column in an async row": [
    module(`async row(record, ctx) {
    return (await ctx.lookup("u", "")) ? { t: { id: "", nane: "" } } : null;
  },`),
    "async row(",
    /Fault<"table t has no column nane">/,
  ],
  "a misspelt table": [
    row(`{ T: { id: "" }, u: { id: "", day: "" } }`),
    "row:",
    /Fault<"there is no table T">/,
  ],
  "several faults": [
    row(`{ t: { n: new Date(0) }, u: { id: "" } }`),
    "row:",
    /Fault<"t.id is part of the key and is missing" \| "t.n is int and cannot hold a Date" \| "u.day is part of the key and is missing">/,
  ],
  "a key that is null": [
    row(`{ t: { id: null } }`),
    "row:",
    /Fault<"t.id is part of the key and must not be null">/,
  ],
  "a row that is no object": [
    row(`{ t: 5 }`),
    "row:",
    /Fault<"a row of table t must be an object">/,
  ],
  "a result that is no rows": [row(`5`), "row:", /Fault<"row must return rows by table, /],
  "a number as a timestamp without unit": [
    row(`{ t: { id: "", at: 5 } }`).replace(`, unit: "s"`, ""),
    "row:",
    /Fault<"t.at is timestamp and cannot hold a number">/,
  ],
  "a boolean as a number": [
    row(`{ t: { id: "", n: true } }`),
    "row:",
    /Fault<"t.n is int and cannot hold a boolean">/,
  ],
  "a Date as text": [
    row(`{ t: { id: "", name: new Date(0) } }`),
    "row:",
    /Fault<"t.name is text and cannot hold a Date">/,
  ],
  "an object as a number": [
    row(`{ t: { id: "", n: { a: 1 } } }`),
    "row:",
    /Fault<"t.n is int and cannot hold an object">/,
  ],
  "a number as a list": [
    row(`{ t: { id: "", tags: 5 } }`),
    "row:",
    /Fault<"t.tags is list<text> and cannot hold a number">/,
  ],
  "a misspelt partition key": [
    module("", "csv()", 'partitionKey: ["Id"]'),
    "size:",
    /'"Id"' is not assignable to type .* Did you mean '"id"'\?/,
  ],
  "a misspelt table in a lookup": [
    module(`async row(record, ctx) {
    await ctx.lookup("U", "");
  },`),
    "await",
    /"U".* not assignable to .*"t" \| "u"/,
  ],
  "a misspelt column of a found row": [
    module(`async row(record, ctx) {
    const found = await ctx.lookup("u", "");
    return found && { t: { id: found.idd } };
  },`),
    "return",
    /Property 'idd' does not exist/,
  ],
  "a misspelt column in a reject": [
    row(`ctx.reject("bad", "nane")`),
    "row:",
    /"nane".* not assignable to .*"name"/,
  ],
  "a misspelt field of a record with a header": [
    module(`row: (record) => ({ t: { id: record.amout } }),`, `csv({ header: ["amount"] })`),
    "row:",
    /Property 'amout' does not exist on type '{ amount: string; }'/,
  ],
  "a misspelt field of Excel": [
    module(`row: (record) => ({ t: { id: record.amout } }),`, `xlsx({ header: ["amount"] })`),
    "row:",
    /Property 'amout' does not exist/,
  ],
  "a misspelt field of Parquet": [
    module(`row: (record) => ({ t: { id: record.amout } }),`, `parquet({ columns: ["amount"] })`),
    "row:",
    /Property 'amout' does not exist/,
  ],
  "a misspelt field of JSON": [
    module(`row: (record) => ({ t: { id: record.amout } }),`, `json({ columns: ["amount"] })`),
    "row:",
    /Property 'amout' does not exist/,
  ],
  "a misspelt field of declared columns": [
    module(
      `row: (record) => ({ t: { id: record.amout } }),`,
      `csv({ columns: ["amount", "day"], optional: ["note"], aliases: { amount: "Betrag" } })`,
    ),
    "row:",
    /Property 'amout' does not exist on type .*note: string \| undefined.* Did you mean 'amount'/,
  ],
  "a field that a file may lack": [
    module(
      `row: (record) => ({ t: { id: record.note.trim() } }),`,
      `csv({ columns: ["note"], optional: ["note"] })`,
    ),
    "row:",
    /'record.note' is possibly 'undefined'/,
  ],
  "a misspelt option of a format": [
    module("", `csv({ delimeter: ";" })`),
    "format:",
    /'delimeter' does not exist .* Did you mean to write 'delimiter'/,
  ],
  "a misspelt setting": [
    module("row: () => null, allowNothing: true,"),
    "row:",
    /'allowNothing' does not exist in type/,
  ],
  "a misspelt setting of a table": [
    module("", "csv()", 'partitionKey: ["id"], clusteringkey: ["day"]'),
    "size:",
    /is not assignable to type '"not a setting of a table"'/,
  ],
  "a misspelt type": [
    module("").replace('"int"', '"integer"'),
    "t:",
    /'"integer"' is not assignable to type 'ColumnType \| Column'/,
  ],
  "a misspelt type in an object": [
    module("").replace('"decimal"', '"decimals"'),
    "ok:",
    /'"decimals"' is not assignable to type/,
  ],
  "a misspelt option of a column": [
    module("").replace("decimal:", "decimel:"),
    "ok:",
    /is not assignable to type '"not an option of a column of type decimal"'/,
  ],
  "an option that the type does not have": [
    module("").replace(`id: "uuid"`, `id: { type: "uuid", format: "DD" }`),
    "t:",
    /is not assignable to type '"not an option of a column of type uuid"'/,
  ],
  "a wrong value of an option": [
    module("").replace(`unit: "s"`, `unit: "seconds"`),
    "t:",
    /'"seconds"' is not assignable to type '"s" \|/,
  ],
  "`from` with `row`": [
    ONLY_ROW(`from: "N"`),
    "row:",
    /Fault<"t.n: from is only for a module without row">/,
  ],
  "`value` and `optional` with `row`": [
    ONLY_ROW(`value: "line", optional: true`),
    "row:",
    /Fault<("t.n: (value|optional) is only for a module without row"( \| )?){2}>/,
  ],
};

Deno.test("modules: the compiler accepts what is right and names what is wrong", async (t) => {
  const texts = [...Object.values(GOOD), ...Object.values(BAD).map(([source]) => source)];
  const compiled = Object.values(
    await compileModules(Object.fromEntries(texts.map((text, i) => [`m${i}.ts`, text]))),
  );
  for (const [i, name] of Object.keys(GOOD).entries()) {
    await t.step(name, () => assert.deepEqual(compiled[i], []));
  }
  for (const [i, [name, [source, start, text]]] of Object.entries(BAD).entries()) {
    await t.step(name, () => {
      const faults = compiled[i + Object.keys(GOOD).length] ?? [];
      const line = source.split("\n").findIndex((line) => line.trim().startsWith(start)) + 1;
      assert.equal(faults.length, 1, faults.join("\n") || "it compiles");
      assert.match(faults[0] ?? "", new RegExp(`^${line}: `));
      assert.match(faults[0] ?? "", text);
    });
  }
});

Deno.test("the modules in the guide compile", async () => {
  const modules = readDoc("docs/module-guide.md").blocks
    .filter(({ language, text }) => language === "ts" && /^import .*defineIngest/m.test(text))
    .map(({ text }, i) => [`guide${i}.ts`, text] as const);
  assert.ok(modules.length > 0);
  const faults = Object.values(await compileModules(Object.fromEntries(modules)));
  assert.deepEqual(faults.flat(), []);
});
