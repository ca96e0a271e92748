import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { zip } from "../../harness/archives.ts";
import { ROOT } from "../../harness/binary.ts";
import { inferAndRun, inferFiles, inferPaths } from "../../harness/infer.ts";
import { workbook } from "../../harness/workbooks.ts";

Deno.test("Excel: title rows, dates and texts of digits", async () => {
  const file = await workbook([{
    rows: [
      ["Sales 2024"],
      [null],
      ["id", "zip", "amount", "note"],
      [1, "00501", 1.5, null],
      [2, "10115", 2, "x"],
    ],
  }]);
  const { proposal, types, key, runs } = await inferAndRun({ "sales_2024.xlsx": file });
  assert.deepEqual(proposal.format, { kind: "xlsx", options: { skip: 2 } });
  assert.deepEqual(types, { id: "int", zip: "text", amount: "decimal", note: "text" });
  assert.deepEqual(key, ["id"]);
  assert.deepEqual(runs[0]?.tables[0]?.rows, [[1, "00501", "1.5", null], [2, "10115", "2", "x"]]);
});

Deno.test("Excel: a column of several kinds is read as it is shown", async () => {
  const day = { attributes: 's="1"', content: "<v>45292</v>" };
  const file = await workbook([{ rows: [["id", "when"], [1, day], [2, "unknown yet"]] }], {
    builtIn: [14],
  });
  const { proposal, types, runs, unsure } = await inferAndRun({ "a.xlsx": file });
  assert.deepEqual(proposal.format.options, { text: ["when"] });
  assert.deepEqual(types, { id: "int", when: "text" });
  assert.match(unsure.join(), /when: it mixes numbers, texts or other kinds of values/);
  assert.equal(runs[0]?.counts.rejected, 0);
});

Deno.test("zip: the data files are found, and the others named", async () => {
  const archive = await zip([
    ["README.md", "# Sales"],
    ["__MACOSX/._a", "x"],
    ["data/sales_01.csv", "id,day\n1,2024-01-01\n2,2024-01-02\n"],
    ["data/sales_02.csv", "id,day\n3,2024-02-01\n"],
  ]);
  const { proposal, ingest, runs } = await inferAndRun({ "export_2024.zip": archive });
  assert.equal(proposal.records, 3);
  assert.match(ingest, /files: "export_\*\.zip",\n {2}entries: "sales_\*\.csv"/);
  assert.match(proposal.notes.join(), /left out 2 files of the archive: README.md/);
  assert.deepEqual([runs[0]?.failure, runs[0]?.counts.stored], [null, 3]);
});

Deno.test("gzip is read, and left out of the pattern", async () => {
  const { ingest, proposal } = await inferFiles({
    "a_2024.csv.gz": gzipSync("id,x\n1,2\n3,4\n"),
  });
  assert.match(ingest, /files: "a_\*\.csv"/);
  assert.equal(proposal.records, 2);
});

Deno.test("Parquet and Avro: the types of their values", async () => {
  const parquet = await inferPaths([join(ROOT, "tests/samples/weather-zstd.parquet")]);
  assert.deepEqual(parquet.types, {
    date: "date",
    weather: "text",
    temp_max: "double",
    count: "bigint",
    wind: "decimal",
    cents: "decimal",
    at: "timestamp",
    tags: "list<int>",
    place: "text",
    code: "blob",
  });
  const avro = await inferPaths([join(ROOT, "tests/samples/weather-deflate.avro")]);
  const { date, at, opened, wind, tags } = avro.types;
  assert.deepEqual([date, at, opened, wind, tags], [
    "date",
    "timestamp",
    "time",
    "decimal",
    "text",
  ]);
});
