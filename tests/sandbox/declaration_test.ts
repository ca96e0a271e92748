import assert from "node:assert/strict";
import { DeclarationFault, parseDeclaration } from "../../src/sandbox/wire/declaration.ts";
import { faultText } from "../../src/sandbox/wire/declared_faults.ts";
import {
  entryPatterns,
  matchesName,
  takesEntry,
  takesFile,
} from "../../src/sandbox/wire/file_patterns.ts";

const GOOD = {
  files: "*.csv",
  format: { kind: "csv", options: { header: true } },
  tables: {
    days: { columns: { year: "int", day: "date" }, partitionKey: ["year"], clusteringKey: ["day"] },
  },
};

Deno.test("a declaration becomes table specifications in its own order", () => {
  const { files, tables } = parseDeclaration(GOOD);
  assert.deepEqual(files, ["*.csv"]);
  assert.deepEqual(tables, [{
    name: "days",
    columns: [{ name: "year", type: "int" }, { name: "day", type: "date" }],
    partitionKey: ["year"],
    clusteringKey: ["day"],
  }]);
});

const days = GOOD.tables.days;
const BAD: [string, unknown, string[]][] = [
  ["no files", { ...GOOD, files: undefined }, ["files"]],
  ["an unknown format", { ...GOOD, format: { kind: "xml", options: {} } }, ["format", "kind"]],
  [
    "a long delimiter",
    { ...GOOD, format: { kind: "csv", options: { delimiter: "|".repeat(11) } } },
    [
      "format",
      "options",
      "delimiter",
    ],
  ],
  ["an unknown type", {
    ...GOOD,
    tables: { days: { ...days, columns: { year: "integer", day: "date" } } },
  }, [
    "tables",
    "days",
    "columns",
    "year",
  ]],
  ["a bad table name", { ...GOOD, tables: { "Days; DROP": days } }, ["tables", "Days; DROP"]],
  [
    "merged rows of versions that replace each other",
    { ...GOOD, versions: "replace", tables: { days: { ...days, onConflict: "merge" } } },
    ["tables", "days", "onConflict"],
  ],
  ["no tables", { ...GOOD, tables: {} }, ["tables"]],
  ["a key that is no column", { ...GOOD, tables: { days: { ...days, partitionKey: ["month"] } } }, [
    "tables",
    "days",
    "partitionKey",
    "0",
  ]],
  ["a key twice", { ...GOOD, tables: { days: { ...days, clusteringKey: ["year"] } } }, [
    "tables",
    "days",
    "clusteringKey",
    "0",
  ]],
];

for (const [what, declared, path] of BAD) {
  Deno.test(`a declaration with ${what} is refused by its path`, () => {
    assert.throws(() => parseDeclaration(declared), (error) => {
      assert.ok(error instanceof DeclarationFault);
      assert.deepEqual(error.faults.map((fault) => fault.path), [path]);
      return true;
    });
  });
}

Deno.test("all faults of a declaration are reported", () => {
  const columns = {
    year: "integer",
    day: { type: "date", format: "QQ" },
    id: { type: "uuid", trim: true },
    n: { type: "int", decimal: ";", from: 5, formatt: "x", other: 1 },
    Bad: "text",
    t: 5,
  };
  const table = { columns, partitionKey: ["yeer", "day"], clusteringKey: ["day"], clusterKey: [] };
  const declared = {
    files: [5],
    format: { kind: "csv", options: { delimeter: ",", header: "yes" } },
    tables: { days: table, days2: { ...table, columns: {} } },
  };
  assert.throws(() => parseDeclaration(declared), (error) => {
    assert.ok(error instanceof DeclarationFault);
    const texts = error.faults.map(faultText).filter((text) => !text.startsWith("tables.days2"));
    assert.deepEqual(texts.map((text) => text.replace(/(?<=: expected one of) .*/, "")), [
      "files: expected string, received number",
      "format.options.header: expected boolean or array",
      'format.options.delimeter: unknown option; did you mean "delimiter"?',
      "tables.days.columns.year: expected one of",
      "tables.days.columns.n.from: expected string or array",
      "tables.days.columns.n.decimal: expected one of",
      'tables.days.columns.n.formatt: unknown option; did you mean "format"?',
      "tables.days.columns.n.other: unknown option",
      "tables.days.columns.Bad: a name starts with a lower-case letter, followed by lower-case " +
      "letters, digits and _ (maximum: 48 characters)",
      "tables.days.columns.t: expected string or object",
      'tables.days.clusterKey: unknown option; did you mean "clusteringKey"?',
      `tables.days.partitionKey: "yeer" is not one of the table's columns; did you mean "year"?`,
      'tables.days.clusteringKey: "day" appears twice in the key',
      'tables.days.columns.day.format: "QQ" has the unknown token "Q": put text in brackets, such as [Q]',
      "tables.days.columns.id.trim: is for text, ascii, not for uuid",
    ]);
    return true;
  });
});

Deno.test("file patterns", () => {
  assert.ok(matchesName(["*.csv"], "Birds.CSV"));
  assert.ok(matchesName(["*.csv"], "birds.csv.gz"));
  assert.ok(matchesName(["*.csv"], "birds.csv.gz.zip"));
  assert.ok(matchesName(["a?c*"], "abc"));
  assert.ok(matchesName(["x", "*z"], "xyz"));
  assert.ok(!matchesName(["*.csv"], "birds.csvx"));
  assert.ok(!matchesName(["a.c"], "abc"));
});

Deno.test("a pattern of many stars does not hang", () => {
  assert.ok(!matchesName(["*a".repeat(40) + "b"], "a".repeat(255)));
});

Deno.test("the name of an archive decides only if all patterns name archives", () => {
  const csv = { kind: "csv" };
  assert.ok(takesFile({ files: ["*.csv"], format: csv }, "orders.ZIP"));
  assert.ok(takesFile({ files: ["a-*.zip", "*.csv"], format: csv }, "b.zip"));
  assert.ok(takesFile({ files: ["a-*.zip"], format: csv }, "a-1.zip"));
  assert.ok(!takesFile({ files: ["a-*.zip"], format: csv }, "b.zip"));
  assert.ok(!takesFile({ files: ["*.csv"], format: csv }, "orders.gz"));
  assert.ok(!takesFile({ files: ["*.csv"], format: { kind: "program" } }, "orders.zip"));
});

Deno.test("the files of an archive match by name, or by path if the pattern has a slash", () => {
  const patterns = (files: string[], entries?: string[]) =>
    entryPatterns({ files, entries, format: { kind: "csv" } });
  assert.deepEqual(patterns(["*.csv", "*.csv.zip", "*.zip", "a.*"]), [
    "*.csv",
    "*.csv",
    "*.zip",
    "a.*",
  ]);
  assert.deepEqual(patterns(["*.zip"], ["data/*.csv"]), ["data/*.csv"]);
  assert.ok(takesEntry(["*.csv"], "in/a.csv.gz"));
  assert.ok(takesEntry(["data/*.csv"], "data/a.csv"));
  assert.ok(!takesEntry(["data/*.csv"], "old/a.csv"));
  assert.ok(!takesEntry(["in*.csv"], "in/a.csv"));
});
