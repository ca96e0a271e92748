import assert from "node:assert/strict";
import { DeclarationFault, parseDeclaration } from "../../src/sandbox/wire/declaration.ts";
import { takesFile } from "../../src/sandbox/wire/file_patterns.ts";

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
  ["a long delimiter", { ...GOOD, format: { kind: "csv", options: { delimiter: "||" } } }, [
    "format",
    "options",
    "delimiter",
  ]],
  ["an unknown type", { ...GOOD, tables: { days: { ...days, columns: { year: "integer" } } } }, [
    "tables",
    "days",
    "columns",
    "year",
  ]],
  ["a bad table name", { ...GOOD, tables: { "Days; DROP": days } }, ["tables", "Days; DROP"]],
  ["no tables", { ...GOOD, tables: {} }, ["tables"]],
  ["a key that is no column", { ...GOOD, tables: { days: { ...days, partitionKey: ["month"] } } }, [
    "tables",
    "days",
    "partitionKey",
  ]],
  ["a key twice", { ...GOOD, tables: { days: { ...days, clusteringKey: ["year"] } } }, [
    "tables",
    "days",
    "clusteringKey",
  ]],
];

for (const [what, declared, path] of BAD) {
  Deno.test(`a declaration with ${what} is refused by its path`, () => {
    assert.throws(() => parseDeclaration(declared), (error) => {
      assert.ok(error instanceof DeclarationFault);
      assert.deepEqual(error.path, path);
      return true;
    });
  });
}

Deno.test("file patterns", () => {
  assert.ok(takesFile(["*.csv"], "Birds.CSV"));
  assert.ok(takesFile(["*.csv"], "birds.csv.gz"));
  assert.ok(takesFile(["a?c*"], "abc"));
  assert.ok(takesFile(["x", "*z"], "xyz"));
  assert.ok(!takesFile(["*.csv"], "birds.csvx"));
  assert.ok(!takesFile(["a.c"], "abc"));
});

Deno.test("a pattern of many stars does not hang", () => {
  assert.ok(!takesFile(["*a".repeat(40) + "b"], "a".repeat(255)));
});
