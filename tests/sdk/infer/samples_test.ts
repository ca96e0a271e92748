import assert from "node:assert/strict";
import { filePatterns } from "../../../src/sdk/author/file_pattern.ts";
import { inferFiles } from "../../harness/infer.ts";

Deno.test("file patterns: what varies in the names becomes *", () => {
  assert.deepEqual(filePatterns(["sales_2024-01.csv"]), ["sales_*.csv"]);
  assert.deepEqual(filePatterns(["20240131_export.csv.gz"]), ["*_export.csv"]);
  assert.deepEqual(filePatterns(["sales-jan-2024.csv"]), ["sales-*.csv"]);
  assert.deepEqual(filePatterns(["Data1000lines.csv"]), ["Data*lines.csv"]);
  assert.deepEqual(filePatterns(["co2.csv"]), ["co2.csv"]);
  assert.deepEqual(filePatterns(["2024.csv"]), ["*.csv"]);
  assert.deepEqual(filePatterns(["oslo_2024.csv", "bergen_2024.csv"]), ["*_*.csv"]);
  assert.deepEqual(filePatterns(["part1.csv", "part2.csv"]), ["part*.csv"]);
  assert.deepEqual(filePatterns(["a.csv", "b.txt"]), ["a.csv", "b.txt"]);
});

Deno.test("several samples: the union of their columns, and types that fit all", async () => {
  const { types, proposal, ingest } = await inferFiles({
    "sales_01.csv": "id,amount\n1,5\n2,6\n",
    "sales_02.csv": "id,amount,note\n3,5.5,x\n",
  });
  assert.deepEqual(types, { id: "int", amount: "decimal", note: "text" });
  const optional = proposal.columns.filter(({ isOptional }) => isOptional);
  assert.deepEqual(optional.map(({ name }) => name), ["note"]);
  assert.equal(proposal.records, 3);
  assert.match(ingest, /files: "sales_\*\.csv"/);
});

Deno.test("samples in UTF-8 and an older encoding: both are tried in order", async () => {
  const latin = Uint8Array.from("name,n\nMüller,2\n", (character) => character.charCodeAt(0));
  const { proposal } = await inferFiles({
    "a_1.csv": "name,n\nKöln,1\n",
    "a_2.csv": latin,
    "a_3.csv": "name,n\nx,3\n",
  });
  assert.deepEqual(proposal.format.options, { encoding: ["utf-8", "windows-1252"] });
  assert.equal(proposal.faults, 0);
});

Deno.test("samples of different kinds are refused", async () => {
  await assert.rejects(
    inferFiles({ "a.csv": "a,b\n1,2\n", "b.csv": "a;b\n1;2\n" }),
    { code: "samples-differ", message: /"a.csv" and "b.csv": their delimiters differ/ },
  );
});

Deno.test("JSON Lines: numbers, texts of digits, nested values, missing members", async () => {
  const { types, ingest, proposal } = await inferFiles({
    "a.jsonl": '{"n":1,"s":"12","o":{"a":[1]},"b":true,"l":["x"]}\n' +
      '{"n":9007199254740993123,"s":"13","o":null,"late":1.5,"b":false,"l":[]}\n',
  });
  assert.deepEqual(types, {
    n: "bigint",
    s: "text",
    o: "text",
    b: "boolean",
    l: "list<text>",
    late: "double",
  });
  // A text column takes objects as JSON.
  assert.match(ingest, /^ {8}o: "text",$/m);
  assert.equal(proposal.columns.find(({ name }) => name === "late")?.isOptional, true);
});

Deno.test("names become unique identifiers", async () => {
  const { ingest, proposal } = await inferFiles({
    "2024 Größe.csv":
      '"Größe in m","Grosse in m","1st","a b","a-b","年"\n1,2,3,4,5,6\n7,8,9,1,2,3\n',
  });
  assert.deepEqual(
    proposal.columns.map(({ name }) => name),
    ["grosse_in_m", "grosse_in_m_2", "c_1st", "a_b", "a_b_2", "column_6"],
  );
  assert.match(ingest, /^ {4}grosse: \{$/m);
});
