import assert from "node:assert/strict";
import type { RejectView } from "../../src/protocol/file_view.ts";
import { decodeBatch } from "../../src/batch/batch.ts";
import { parseDeclaration } from "../../src/sandbox/wire/declaration.ts";
import { Sandbox } from "../../src/sandbox/host/sandbox.ts";

const LIMITS = { memoryBytes: 512 * 1024 ** 2, seconds: 600 };

/** Runs a module with a table `t` in the sandbox, with or without `row`. Returns its cells by column, and its rejects. */
async function load(columns: object, row: string | null, format: string, input: string) {
  const source = `
import { csv, defineIngest, jsonl, parseNumber, parseTimestamp, ValueFault } from "mysimbdp";
export default defineIngest({
  files: "*",
  format: ${format},
  tables: { t: { columns: ${JSON.stringify({ id: "int", ...columns })}, partitionKey: ["id"] } },
  ${row === null ? "" : `row: ${row},`}
});`;
  const script = await Sandbox.spawn().bundle("ingest.ts", { "ingest.ts": source }, LIMITS);
  const declaration = parseDeclaration(await Sandbox.spawn().describe(script, LIMITS));
  const rejects: RejectView[] = [];
  const cells: Record<string, unknown[]> = {};
  await Sandbox.spawn().ingest({
    script,
    fileName: "f",
    sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    ...declaration,
    open: () => ReadableStream.from([new TextEncoder().encode(input)]),
    limits: LIMITS,
    grants: { read: [], net: [], secrets: {} },
    maxRecordChars: 1024 * 1024,
    maxInputBytes: 2 ** 40,
    maxWholeBytes: 64 * 1024 ** 2,
  }, {
    batch: (bytes) => {
      const batch = decodeBatch(bytes, declaration.tables);
      declaration.tables[0]!.columns.forEach(({ name }, i) => cells[name] = batch.columns[i]!);
      return Promise.resolve();
    },
    rejects: (found) => Promise.resolve(void rejects.push(...found)),
    log: () => {},
  });
  return { cells, reasons: rejects.map(({ column, reason }) => `${column}: ${reason}`) };
}

const ALL = "(r) => ({ t: { ...r } })";

Deno.test("values: JSON numbers keep their digits on the way through `row`", async () => {
  const input = '{"id":1,"amount":12345678901234.567891,"note":1.10,"more":{"p":1.10}}\n' +
    '{"id":2,"amount":100000000000000000000.5,"note":20240102030405.06789}\n';
  const columns = { amount: "decimal", note: "text", more: "text", twice: "double" };
  const row = "(r) => ({ t: { ...r, twice: r.note * 2 } })";
  for (const async of ["", "async "]) {
    const { cells, reasons } = await load(columns, async + row, "jsonl()", input);
    assert.deepEqual(reasons, []);
    assert.deepEqual(cells["amount"], ["12345678901234.567891", "100000000000000000000.5"]);
    assert.deepEqual(cells["note"], ["1.10", "20240102030405.06789"]);
    assert.deepEqual(cells["more"], ['{"p":1.10}', null]);
    assert.equal(cells["twice"]?.[0], 2.2);
  }
});

Deno.test('values: with numbers: "text", `row` sees all digits', async () => {
  const row = "(r) => ({ t: { id: r.id, v: `v${r.v}` } })";
  const { cells } = await load(
    { v: "text" },
    row,
    'jsonl({ numbers: "text" })',
    '{"id":1,"v":1.10}',
  );
  assert.deepEqual(cells, { id: [1], v: ["v1.10"] });
});

Deno.test("values: a number in a timestamp needs a unit", async () => {
  const input =
    '{"id":1,"at":1704164645}\n{"id":2,"at":1704164645123456}\n{"id":3,"at":"1704164646"}\n';
  const without = await load({ at: "timestamp" }, ALL, "jsonl()", input);
  assert.deepEqual(without.cells, {});
  assert.match(without.reasons[0]!, /^at: 1704164645 is a number, not a timestamp: set the unit/);
  const seconds = await load({ at: { type: "timestamp", unit: "s" } }, ALL, "jsonl()", input);
  assert.deepEqual(seconds.cells["at"], ["2024-01-02T03:04:05.000Z", "2024-01-02T03:04:06.000Z"]);
  assert.deepEqual(seconds.reasons, [
    "at: 1704164645123456 (unit: s) is outside the years 1 to 9999",
  ]);
});

Deno.test("values: blank is null, and exports of PostgreSQL, BigQuery and pandas load as they come", async () => {
  const columns = { at: "timestamp", day: "date", n: "int", v: "double", on: "boolean" };
  const { cells, reasons } = await load(
    columns,
    ALL,
    "csv()",
    `id,at,day,n,v,on
1,2024-01-02 03:04:05.123456+00,2024-01-02,1, ,t
2,2024-01-02 03:04:05 UTC,2024-01-02,,\t,f
3,2024-01-02T03:04:05Z,2024-01-02T00:00:00Z,1e3,1e-05,True
4,  ,   ,1.0,-1.5E+300,False
5,20240102T030405Z,20240102, 7 , 2. ,
`,
  );
  assert.deepEqual(reasons, []);
  assert.deepEqual(cells, {
    id: [1, 2, 3, 4, 5],
    at: [
      "2024-01-02T03:04:05.123Z",
      "2024-01-02T03:04:05.000Z",
      "2024-01-02T03:04:05.000Z",
      null,
      "2024-01-02T03:04:05.000Z",
    ],
    day: ["2024-01-02", "2024-01-02", "2024-01-02", null, "2024-01-02"],
    n: [1, null, 1000, 1, 7],
    v: [null, null, 1e-5, -1.5e300, 2],
    on: [1, 0, 1, 0, null],
  });
});

Deno.test("values: the options of columns apply to what `row` returns", async () => {
  const { cells, reasons } = await load(
    {
      amount: { type: "decimal", decimal: ",", group: ".", null: ["N/A", "-"] },
      day: { type: "date", format: ["DD.MM.YYYY", "D MMM YYYY"] },
      at: { type: "timestamp", format: "DD.MM.YYYY HH:mm", timeZone: "Europe/Berlin" },
      on: { type: "boolean", true: ["ja"], false: ["nein"] },
      note: { type: "text", trim: true, null: [""] },
    },
    ALL,
    'csv({ delimiter: ";" })',
    `id;amount;day;at;on;note
1;1.234.567,80;31.12.2024;01.07.2024 14:30;Ja; x
2;-;1 Mar 2024;01.01.2024 14:30;nein; ${""}
3;1.23;;;;
4;1;;31.03.2024 02:30;;
5;1;;27.10.2024 02:30;;
`,
  );
  assert.deepEqual(cells, {
    id: [1, 2],
    amount: ["1234567.80", null],
    day: ["2024-12-31", "2024-03-01"],
    at: ["2024-07-01T12:30:00.000Z", "2024-01-01T13:30:00.000Z"],
    on: [1, 0],
    note: ["x", null],
  });
  assert.deepEqual(reasons, [
    'amount: "1.23" is not a decimal number such as 1.234,5',
    'at: "31.03.2024 02:30" is skipped in Europe/Berlin when the clocks change: set clockChange to "earlier" or "later"',
    'at: "27.10.2024 02:30" is repeated in Europe/Berlin when the clocks change: set clockChange to "earlier" or "later"',
  ]);
});

Deno.test("values: a fault of a parse function is the reason of the reject", async () => {
  const row = `(r) => {
    if (r.v === "forged") throw Object.assign(new ValueFault("x"), { message: { toString() { throw 1; } } });
    return { t: { id: r.id, v: parseNumber(r.v, { decimal: "," }),
      at: parseTimestamp("2024-07-01 12:00", { timeZone: "America/New_York" }) } };
  }`;
  const { cells, reasons } = await load(
    { v: "double", at: "timestamp" },
    row,
    'csv({ delimiter: ";" })',
    "id;v\n1;1,5\n2;1.5\n3;forged\n",
  );
  assert.deepEqual(cells, { id: [1], v: [1.5], at: ["2024-07-01T16:00:00.000Z"] });
  assert.equal(reasons[0], 'null: "1.5" is not a number such as 1234,5');
  assert.equal(reasons.length, 2);
});

Deno.test("values: JSON numbers keep their digits in a module without `row`", async () => {
  const columns = {
    sum: { type: "decimal", from: "amount" },
    version: { type: "text", from: ["ver", "v"] },
    note: { type: "text", from: "before" },
    list: "list<decimal>",
  };
  const input = '{"id":1,"amount":12345678901234.567891,"ver":1.10,"before":1.1,"list":[2.50]}\n' +
    '{"id":2,"amount":5,"ver":5.0,"before":5,"list":[]}\n';
  const { cells, reasons } = await load(columns, null, "jsonl()", input);
  assert.deepEqual(reasons, []);
  assert.deepEqual(cells, {
    id: [1, 2],
    sum: ["12345678901234.567891", "5"],
    version: ["1.10", "5.0"],
    note: ["1.1", "5"],
    list: ['["2.50"]', null],
  });
});
