/** Values at the limits of columns and keys, and the reasons of those beyond. */
import assert from "node:assert/strict";
import type { Platform } from "./platform.ts";

interface LimitCase {
  /** The table and its values, as an expression in the module. */
  row: string;
  /** The column and the start of the reason; none if it is stored. */
  reject?: [column: string, reason: string];
}

const value = (column: string, given: string): string => `{ one: { k: "K", ${column}: ${given} } }`;
const x = (bytes: number) => `"x".repeat(${bytes})`;

const LIMIT_CASES: readonly LimitCase[] = [
  { row: `{ one: { k: ${x(65_535)} } }` },
  { row: `{ one: { k: "é".repeat(32767) } }` },
  {
    row: `{ one: { k: ${x(65_536)} } }`,
    reject: ["k", "the partition key has 65,536 bytes (limit: 65,535)"],
  },
  {
    row: `{ one: { k: "é".repeat(32768) } }`,
    reject: ["k", "the partition key has 65,536 bytes (limit: 65,535)"],
  },
  { row: `{ one: { k: "" } }`, reject: ["k", "a key column is empty"] },
  { row: `{ two: { a: ${x(65_529)}, b: "", c: "", d: "" } }` },
  {
    row: `{ two: { a: ${x(65_530)}, b: "", c: "", d: "" } }`,
    reject: ["a", "the partition key has 65,536 bytes (limit: 65,535)"],
  },
  { row: `{ two: { a: "K", b: "", c: ${x(32_767)}, d: ${x(32_768)} } }` },
  {
    row: `{ two: { a: "K", b: "", c: ${x(32_767)}, d: ${x(32_769)} } }`,
    reject: ["d", "the clustering key has 65,536 bytes (limit: 65,535)"],
  },
  ...["178956970y7mo", "2147483647d", "9223372036854775807ns", "P178956970Y7M", "PT2562047H"].map(
    (given) => ({ row: value("du", JSON.stringify(given)) }),
  ),
  { row: value("du", '"-2147483647mo2147483647d9223372036854775807ns"') },
  ...["2147483648mo", "178956971y", "2147483648d", "9223372036854775808ns", "-2147483648mo"].map(
    (given): LimitCase => ({
      row: value("du", JSON.stringify(given)),
      reject: ["du", `"${given}" is not in the range of durations`],
    }),
  ),
  {
    row: value("du", '"1 day -1:00:00"'),
    reject: ["du", '"1 day -1:00:00" is not a duration'],
  },
  { row: value("f", "3.4028234663852886e38") },
  { row: value("fs", "[3.4028234663852886e38]") },
  ...["1e39", '"1e39"', "-1e39"].map((given): LimitCase => ({
    row: value("f", given),
    reject: ["f", `${given.replace("e39", given.includes('"') ? "e39" : "e+39")} is not a number`],
  })),
  {
    row: value("fs", '"[1.5, 1e39]"'),
    reject: ["fs", 'element 2: "1e39" is not a number that a float can hold'],
  },
  {
    row: value("fm", "{ a: 1e39 }"),
    reject: ["fm", 'the value of key "a": 1e+39 is not a number that a float can hold'],
  },
  { row: value("db", "1.7976931348623157e308") },
  { row: value("db", '"1e309"'), reject: ["db", '"1e309" is not a finite number'] },
  { row: value("de", '"1e1000000"') },
  { row: value("de", '"-1.5e-1000000"') },
  {
    row: value("de", '"1e1000001"'),
    reject: ["de", '"1e1000001" is not a decimal number with an exponent'],
  },
  { row: value("v", '"9".repeat(4096)') },
  { row: value("v", '"9".repeat(4097)'), reject: ["v", '"99999'] },
  { row: value("bi", '"9223372036854775807"') },
  { row: value("bi", '"9223372036854775808"'), reject: ["bi", '"9223372036854775808" is not'] },
  { row: value("i", "-2147483648") },
  { row: value("i", "2147483648"), reject: ["i", "2147483648 is not between"] },
  { row: value("ti", "128"), reject: ["ti", "128 is not between"] },
  { row: value("si", "32768"), reject: ["si", "32768 is not between"] },
  { row: value("t", '"a\\u0000\\u{10ffff}\\uffff"') },
  { row: value("t", '"a\\ud83d"'), reject: ["t", '"a\\ud83d" is not Unicode text'] },
  {
    row: value("ts", '["\\udc00b"]'),
    reject: ["ts", 'element 1: "\\udc00b" is not Unicode text'],
  },
  { row: value("a", '"a\\u0000\\u007f"') },
  { row: value("a", '"\\u0080"'), reject: ["a", '"\u0080" is not ASCII text'] },
  { row: value("at", '"9999-12-31T23:59:59.999Z"') },
  { row: value("at", '"0001-01-01T00:00:00Z"') },
  { row: value("at", '"10000-01-01T00:00:00Z"'), reject: ["at", '"10000-01-01T00:00:00Z" is not'] },
  { row: value("da", '"0001-01-01"') },
  { row: value("da", '"10000-01-01"'), reject: ["da", '"10000-01-01" is not a date'] },
  { row: value("tm", '"23:59:59.999999999"') },
  { row: value("tm", '"24:00:00"'), reject: ["tm", '"24:00:00" is not a time'] },
  {
    row: value("tm", '"10:00:00.1234567890"'),
    reject: ["tm", '"10:00:00.1234567890" is not a time'],
  },
  { row: value("ip", '"1:2:3:4:5:6:7::"') },
  { row: value("ip", '"fe80::1%eth0"'), reject: ["ip", '"fe80::1%eth0" is not an IP address'] },
  {
    row: value("tu", '"00000000-0000-4000-8000-000000000000"'),
    reject: ["tu", '"00000000-0000-4000-8000-000000000000" is not a version 1 uuid'],
  },
  { row: value("ts", `[${x(200_000)}]`) },
  { row: value("is", "Array.from({ length: 60000 }, (_, n) => n)") },
  {
    row: value("is", "Array.from({ length: 65536 }, (_, n) => n)"),
    reject: ["is", "the set has 65536 elements (limit: 65535)"],
  },
  { row: value("t", x(1_000_000)) },
  {
    row: value("t", x(15 * 1024 ** 2 + 1)),
    reject: ["", "the row has 15,728,6"],
  },
];

/** A module that returns the row of the case that each record names. */
const LIMITS_MODULE = {
  "tenant.json": JSON.stringify({
    entry: "ingest.ts",
    permissions: { write: ["one", "two"], read: [], net: [] },
    limits: { rejectShare: 1 },
  }),
  "ingest.ts": `import { csv, defineIngest } from "mysimbdp";

const CASES = [
${LIMIT_CASES.map(({ row }) => `  () => (${row.replace('"K"', '"case " + at')}),`).join("\n")}
];
let at = 0;

export default defineIngest({
  files: "*",
  format: csv({ header: true }),
  tables: {
    one: {
      columns: {
        k: "text", t: "text", a: "ascii", du: "duration", f: "float", db: "double", de: "decimal",
        v: "varint", bi: "bigint", i: "int", si: "smallint", ti: "tinyint", at: "timestamp",
        da: "date", tm: "time", ip: "inet", tu: "timeuuid", fs: "set<float>",
        fm: "map<text, float>", ts: "set<text>", is: "set<int>",
      },
      partitionKey: ["k"],
    },
    two: {
      columns: { a: "text", b: "text", c: "text", d: "text" },
      partitionKey: ["a", "b"],
      clusteringKey: ["c", "d"],
    },
  },
  row(record) {
    at = Number(record.n);
    return CASES[at]();
  },
});
`,
};

/** The file with all cases. */
const LIMITS_FILE = `n\n${LIMIT_CASES.map((_, n) => `${n}\n`).join("")}`;

/** Loads all cases, and checks which are stored and why the others are rejected. */
export async function checkLimits(platform: Platform, tenant: string): Promise<void> {
  await platform.deploy(tenant, LIMITS_MODULE);
  await platform.stage(tenant, "limits.csv", LIMITS_FILE);
  const file = await platform.settled(tenant, "limits.csv");
  assert.equal(file.state, "ingested", JSON.stringify(file.reason));
  const rejects = new Map((await platform.rejects(file.id)).map((each) => [each.line, each]));
  for (const [n, { row, reject }] of LIMIT_CASES.entries()) {
    const found = rejects.get(n + 2);
    assert.equal(found?.column ?? "", reject?.[0] ?? "", `${row}: ${found?.reason}`);
    assert.ok((found?.reason ?? "").startsWith(reject?.[1] ?? ""), `${row}: ${found?.reason}`);
    assert.equal(found !== undefined, reject !== undefined, `${row}: ${found?.reason}`);
  }
}
