import assert from "node:assert/strict";
import fc from "fast-check";
import type { TableSpec } from "../../src/batch/column.ts";
import { similarName } from "../../src/base/nearest.ts";
import { avro, csv, json, jsonl, parquet, xlsx } from "../../src/sdk/mod.ts";
import type { Format } from "../../src/sdk/format.ts";
import { ColumnContract } from "../../src/sandbox/worker/column_contract.ts";
import type { Realm } from "../../src/sandbox/worker/compartment.ts";
import { RowRecords, TableRecords } from "../../src/sandbox/worker/module_records.ts";

type Fields = Record<string, unknown>;
type Row = (record: Fields) => unknown;

/** A realm that builds records without a compartment. */
const REALM = {
  recordMaker: (fields, prototype) => (values) =>
    Object.create(
      Object.create(prototype),
      Object.fromEntries(fields.map(({ key, from }) => {
        const value = (values as Record<string | number, unknown>)[from];
        return [key, { value, enumerable: true, writable: true, configurable: true }];
      })),
    ),
} as Pick<Realm, "recordMaker"> as Realm;

interface Result {
  results: unknown[];
  notices: string[];
  /** Code and message of the failure. */
  failure: string | null;
}

/** Runs records through `row`: arrays after a header, or objects. */
function runRow(
  format: Format,
  header: string[] | null,
  records: (unknown[] | Fields)[],
  row: Row,
): Result {
  const notices: string[] = [];
  const file = { format, entry: null, notice: (text: string) => void notices.push(text) };
  const run = new RowRecords(file, new ColumnContract(format, null), REALM);
  const results: unknown[] = [];
  const failure = failureOf(() => {
    if (header) run.columns.header(header);
    for (const each of records) {
      const record = Array.isArray(each) ? run.columns.ofFields(each) : run.columns.ofObject(each);
      try {
        results.push(row(record as Fields));
      } finally {
        run.check();
      }
    }
    run.end();
  });
  return { results, notices, failure };
}

/** Runs records through a table, for a module without `row`. */
function runTable(
  format: Format,
  columns: TableSpec["columns"],
  header: string[] | null,
  records: (unknown[] | Fields)[],
): Result {
  const table = { name: "t", columns, partitionKey: [columns[0]!.name], clusteringKey: [] };
  const notices: string[] = [];
  const file = { format, entry: null, notice: (text: string) => void notices.push(text) };
  const facts = { rowId: "an id", line: 7, fileName: "a.csv", entryName: null };
  const run = new TableRecords(file, new ColumnContract(format, columns), table, facts);
  const results: unknown[] = [];
  const failure = failureOf(() => {
    if (header) run.columns.header(header);
    for (const each of records) {
      results.push(
        Array.isArray(each) ? run.columns.ofFields(each) : run.columns.ofObject(each),
      );
    }
    run.end();
  });
  return { results, notices, failure };
}

function failureOf(work: () => void): string | null {
  try {
    work();
    return null;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return `${code}: ${message}`;
  }
}

const READS: Row = (record) => [record["id"], record["amount"], record["city"]];
const WITH_HEADER = [csv(), xlsx(), parquet()];

Deno.test("a column that is missing, renamed or written differently fails the file, with its names", () => {
  const cases: [header: string[], text: RegExp][] = [
    [
      ["id", "amount_eur", "city"],
      /^column-missing: Cannot read the file: column "amount" is missing; the file has "amount_eur"; did you mean that\? Its columns are "id", "amount_eur", "city"$/,
    ],
    [
      ["id", "Amount", "City"],
      /columns "amount" and "city" are missing; the file has "Amount" and "City"; did you mean those\?/,
    ],
    [["id", " amount", "city "], /the file has " amount" and "city "; did you mean those\?/],
    [["id", "city"], /column "amount" is missing; its columns are "id", "city"$/],
  ];
  for (const format of WITH_HEADER) {
    for (const [header, text] of cases) {
      const { failure, results } = runRow(format, header, [header.map(() => "x")], READS);
      assert.match(failure ?? "", text);
      assert.ok(results.every((values) => (values as unknown[]).includes(undefined)));
    }
    const { results, failure } = runRow(format, ["city", "id", "amount"], [["c", "i", "a"]], READS);
    assert.deepEqual([results, failure], [[["i", "a", "c"]], null]);
  }
});

Deno.test("a header with another delimiter, or of a web page, is named as the reason", () => {
  const fault = (header: string, format = csv()) =>
    runRow(format, [header], [["x"]], READS).failure ?? "";
  assert.match(
    fault("id;amount;city"),
    /the header has ";" between its names instead of ",": "id;amount;city"$/,
  );
  assert.match(fault("id\tamount\tcity"), /the header has "\\t" between its names instead of ","/);
  assert.match(
    fault("id,amount", csv({ delimiter: ";" })),
    /the header has "," between its names instead of ";"/,
  );
  assert.match(
    fault("<!DOCTYPE html>"),
    /columns "id", "amount" and "city" are missing; the file is a web page$/,
  );
});

Deno.test("reads that libraries and the language make of any object are not reads of a column", () => {
  const looks: Row[] = [
    (record) => JSON.stringify(record),
    (record) => ({ ...record }),
    (record) => Object.keys(record),
    (record) => Object.entries(record).length,
    (record) => "nothing" in record || Object.hasOwn(record, "nothing"),
    (record) => `${record}`,
    (record) => record.constructor === Object && record.toString !== undefined,
    (record) => record.valueOf() === record,
    (record) => (record as { then?: unknown }).then,
    (record) => Symbol.iterator in record,
    (record) => (record as { [Symbol.iterator]?: unknown })[Symbol.iterator],
    ({ id, ...rest }) => [id, rest],
    (record) => Object.assign({}, record),
    (record) => Object.assign(record, { extra: 1 })["extra"],
    (record) => structuredClone({ ...record }),
    (record) => record instanceof Object,
  ];
  for (const row of looks) {
    assert.equal(runRow(csv(), ["id"], [["1"]], row).failure, null, String(row));
  }
  const reads: Row[] = [
    (record) => record["nothing"] ?? "",
    ({ nothing = 1 }) => nothing,
    (record) => ({ t: record }.t["nothing"]),
    (record) => Object.create(record)["nothing"],
  ];
  for (const row of reads) {
    assert.match(runRow(csv(), ["id"], [["1"]], row).failure ?? "", /"nothing" is missing/);
  }
});

Deno.test("an error that row throws because of a missing column does not hide it", () => {
  const row: Row = (record) => (record["nothing"] as string).length;
  assert.match(runRow(csv(), ["id"], [["1"]], row).failure ?? "", /^column-missing: .*"nothing"/);
  const caught: Row = (record) => {
    try {
      return (record["nothing"] as string).length;
    } catch {
      return null;
    }
  };
  assert.match(
    runRow(csv(), ["id"], [["1"]], caught).failure ?? "",
    /^column-missing: .*"nothing"/,
  );
});

Deno.test("options: optional columns, aliases, loose names", () => {
  const optional = csv({ optional: ["amount"] });
  assert.deepEqual(runRow(optional, ["id", "city"], [["1", "x"]], READS).results, [[
    "1",
    undefined,
    "x",
  ]]);
  const aliases = csv({ aliases: { amount: ["Betrag", "Amount"], city: "Ort" } });
  assert.deepEqual(runRow(aliases, ["Ort", "id", "Betrag"], [["x", "1", "2"]], READS).results, [[
    "1",
    "2",
    "x",
  ]]);
  for (
    const format of [
      csv({ match: "loose" }),
      csv({ match: "loose", columns: ["id", "amount", "city"] }),
    ]
  ) {
    const { results, failure } = runRow(
      format,
      ["ID", " amount ", "C i ty"],
      [["1", "2", "x"]],
      READS,
    );
    assert.deepEqual([results, failure], [[["1", "2", "x"]], null]);
  }
  for (const format of [aliases, csv({ ...aliases.options, columns: ["id", "amount", "city"] })]) {
    const { failure } = runRow(
      format,
      ["id", "amount", "Betrag", "city"],
      [["1", "2", "3", "x"]],
      READS,
    );
    assert.match(
      failure ?? "",
      /^column-ambiguous: .*columns "amount" and "Betrag" both fit the module's name "amount"$/,
    );
  }
  const { failure } = runRow(csv({ match: "loose" }), ["id", "Amount", "amount"], [], READS);
  assert.match(failure ?? "", /^column-ambiguous: .*"Amount" and "amount"/);
});

Deno.test("declared columns: all must be there, others are ignored with a notice or refused", () => {
  const format = csv({ columns: ["id", "amount"], optional: ["city"] });
  const row: Row = (record) => ({ ...record });
  const { results, notices } = runRow(
    format,
    ["note", "id", "x", "amount"],
    [["n", "1", "x", "2"]],
    row,
  );
  assert.deepEqual(results, [{ id: "1", amount: "2" }]);
  assert.deepEqual(notices, ['columns "note" and "x" are not read by the module']);
  // Nothing has been read of the column, and there is no record.
  assert.match(runRow(format, ["id"], [], row).failure ?? "", /^column-missing: .*"amount"/);
  const strict = csv({ ...format.options, newColumns: "refuse" });
  assert.match(
    runRow(strict, ["id", "amount", "x"], [], row).failure ?? "",
    /^column-new: .*does not read its column "x"$/,
  );
  const reads: Row = (record) => record["note"];
  assert.match(
    runRow(format, ["note", "id", "amount"], [["n", "1", "2"]], reads).failure ?? "",
    /^column-undeclared: .*"note"/,
  );
});

Deno.test("records with different keys: a name is missing if no record of the file has it", () => {
  for (const format of [json(), jsonl(), avro()]) {
    const row: Row = (record) => record["a"] ?? null;
    const run = (...records: Fields[]) => runRow(format, null, records, row);
    assert.deepEqual(run({ a: 1 }, { b: 2 }).results, [1, null]);
    assert.equal(run({ b: 2 }, { a: 1 }).failure, null);
    assert.equal(run({ a: null }, { b: 2 }).failure, null);
    assert.match(
      run({ b: 1 }, { A: 2 }).failure ?? "",
      /^column-missing: .*"a" is missing; the file has "A"/,
    );
    assert.equal(run().failure, null);
  }
  const aliases = jsonl({ aliases: { a: "old" } });
  const { results, failure } = runRow(
    aliases,
    null,
    [{ old: 1 }, { a: 2 }, {}],
    (record) => record["a"],
  );
  assert.deepEqual([results, failure], [[1, 2, undefined], null]);
  const both = runRow(aliases, null, [{ a: 1, old: 2 }], (record) => record["a"]);
  assert.match(both.failure ?? "", /^column-ambiguous/);
  const loose = runRow(jsonl({ match: "loose" }), null, [{ A: 1 }, { " a": 2 }], (r) => r["a"]);
  assert.deepEqual(loose.results, [1, 2]);
  const declared = jsonl({ columns: ["a", "b"] });
  assert.match(
    runRow(declared, null, [{ a: 1, c: 1 }], (r) => r["a"]).failure ?? "",
    /^column-missing: .*"b"/,
  );
  const notices = runRow(declared, null, [{ a: 1, c: 1 }, { b: 1, d: 2 }], (r) => r["a"]).notices;
  assert.deepEqual(notices, ['columns "c" and "d" are not read by the module']);
});

Deno.test("an Avro schema has all names, so that the first record is enough", () => {
  const { results, failure } = runRow(avro(), ["id", "Amount"], [{ id: 1, Amount: 2 }], READS);
  assert.equal(results.length, 1);
  assert.match(failure ?? "", /columns "amount" and "city" are missing; the file has "Amount"/);
});

const COLUMNS: TableSpec["columns"] = [
  { name: "id", type: "text" },
  { name: "amount", type: "double", options: { from: ["Amount", "Betrag"] } },
  { name: "city", type: "text", options: { optional: true } },
  { name: "line", type: "int", options: { value: "line" } },
  { name: "row_id", type: "uuid", options: { value: "rowId" } },
];

Deno.test("without row, columns are filled by their names, from others or with facts", () => {
  for (const format of WITH_HEADER) {
    assert.deepEqual(
      runTable(format, COLUMNS, ["x", "Betrag", "id"], [["x", 2, "a"], ["x", 3, "b"]]),
      {
        results: [["a", 2, undefined, 7, "an id"], ["b", 3, undefined, 7, "an id"]],
        notices: ['column "x" is not read by the module'],
        failure: null,
      },
    );
    const missing = runTable(format, COLUMNS, ["id", "amount"], []).failure ?? "";
    assert.match(
      missing,
      /^column-missing: .*column "Amount" or "Betrag" is missing; the file has "amount"/,
    );
    const two = runTable(format, COLUMNS, ["id", "Amount", "Betrag"], []).failure ?? "";
    assert.match(
      two,
      /^column-ambiguous: .*"Amount" and "Betrag" both fit the module's name "amount"/,
    );
  }
  const objects = runTable(jsonl(), COLUMNS, null, [{ id: "a", Amount: 1 }, {
    city: "x",
    id: "b",
  }]);
  assert.deepEqual(objects.results, [
    ["a", 1, undefined, 7, "an id"],
    ["b", undefined, "x", 7, "an id"],
  ]);
  assert.equal(objects.failure, null);
  const inherited = runTable(jsonl(), [{ name: "constructor", type: "text" }], null, [{ a: 1 }]);
  assert.deepEqual(inherited.results, [[undefined]]);
  assert.match(inherited.failure ?? "", /"constructor" is missing/);
  const empty = runTable(jsonl(), COLUMNS, null, []);
  assert.equal(empty.failure, null);
});

const names = fc.uniqueArray(fc.string({ minLength: 1, unit: "grapheme" }), {
  minLength: 1,
  maxLength: 12,
});

Deno.test("property: values are found by name, whatever the order of columns and keys", () => {
  fc.assert(fc.property(names, fc.infiniteStream(fc.integer()), (header, order) => {
    const shuffled = header.map((name) => ({ name, at: order.next().value! }))
      .sort((a, b) => a.at - b.at).map(({ name }) => name);
    const columns = shuffled.map((name, i) => ({
      name: `c${i}`,
      type: "text" as const,
      options: { from: name },
    }));
    const values = header.map((_, i) => i);
    const expected = shuffled.map((name) => header.indexOf(name));
    const { results, failure } = runTable(csv(), columns, header, [values]);
    assert.deepEqual([results, failure], [[expected], null]);
    const object = Object.fromEntries(header.map((name, i) => [name, i]));
    assert.deepEqual(runTable(jsonl(), columns, null, [object]).results, [expected]);
    const row: Row = (record) => shuffled.map((name) => record[name]);
    assert.deepEqual(runRow(csv(), header, [values], row).results, [expected]);
    assert.deepEqual(runRow(jsonl(), null, [object], row).results, [expected]);
  }));
});

Deno.test("property: however records vary in their keys, each value is found and none invented", () => {
  const keys = fc.subarray(["a", "b", "c", "d", "e", "f", "g", "h"]);
  fc.assert(fc.property(fc.array(keys, { maxLength: 200 }), (lists) => {
    const records = lists.map((list, n) =>
      Object.fromEntries(list.map((key) => [key, `${key}${n}`]))
    );
    const row: Row = (record) => [record["a"], record["h"]];
    const { results, failure } = runRow(jsonl(), null, records, row);
    assert.deepEqual(results, records.map((record) => [record["a"], record["h"]]));
    const all = new Set(lists.flat());
    const hasBoth = all.has("a") && all.has("h");
    // Without any record nothing was read.
    assert.equal(failure === null, hasBoth || records.length === 0);
  }));
});

Deno.test("names that probably mean the same", () => {
  const cases: [string, string[], string | null][] = [
    ["amount", ["id", "amount_eur", "city"], "amount_eur"],
    ["amount", ["AMOUNT"], "AMOUNT"],
    ["Flight Date", ["flight_date", "date"], "flight_date"],
    ["date", ["Flight Date", "state"], "Flight Date"],
    ["custmer", ["customer", "custom"], "customer"],
    ["id", ["idea", "customer id"], "customer id"],
    ["id", ["width"], null],
    ["straße", ["Straße "], "Straße "],
    ["amount", ["city", "id"], null],
    ["", ["id"], null],
  ];
  for (const [name, known, expected] of cases) {
    assert.equal(similarName(name, known), expected, name);
  }
});
