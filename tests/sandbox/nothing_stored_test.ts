import assert from "node:assert/strict";
import { avro, csv, jsonl, parquet, xlsx } from "../../src/sdk/mod.ts";
import type { Format } from "../../src/sdk/format.ts";
import { nothingStored } from "../../src/sandbox/host/nothing_stored.ts";
import { PROGRAM_FORMAT } from "../../src/sandbox/wire/declaration.ts";

const counts = (read: number, rejected = 0, stored = 0) => {
  return { read, stored, rejected, skipped: read - rejected - stored };
};
const byRow = (format: Format) => ({ format, allowEmpty: false, hasRow: true });

Deno.test("the reason says what became of the records", () => {
  const text = (read: number, rejected = 0) =>
    nothingStored(counts(read, rejected), byRow(csv()))?.message.replace(/^.*file: /, "");
  assert.equal(text(0), "it has no records");
  assert.equal(text(1), "the module skipped its only record");
  assert.equal(text(3, 3), "all of its 3 records were rejected");
  assert.equal(
    text(1_200, 1_000),
    "of its 1,200 records, 1,000 records were rejected, the others skipped",
  );
  assert.equal(nothingStored(counts(3, 2, 1), byRow(csv())), null);
});

Deno.test("a header that was compared with declared columns is enough, unless records were rejected", () => {
  const columns = ["a"] as const;
  const formats: [plain: Format, declared: Format][] = [
    [csv(), csv({ columns })],
    [xlsx(), xlsx({ columns })],
    [parquet(), parquet({ columns })],
    [avro(), avro({ columns })],
  ];
  for (const [plain, declared] of formats) {
    assert.equal(nothingStored(counts(2), byRow(declared)), null);
    assert.equal(nothingStored(counts(2), { ...byRow(plain), hasRow: false }), null);
    assert.equal(nothingStored(counts(2), byRow(plain))?.code, "nothing-stored");
    assert.equal(nothingStored(counts(2, 1), byRow(declared))?.code, "nothing-stored");
  }
  const given = byRow(csv({ header: ["a"], columns: ["a"] }));
  assert.equal(nothingStored(counts(2), given)?.code, "nothing-stored");
  assert.equal(nothingStored(counts(0), byRow(jsonl({ columns: ["a"] })))?.code, "nothing-stored");
});

Deno.test("allowEmpty allows it for every format, and for programs", () => {
  for (const format of [csv(), jsonl(), PROGRAM_FORMAT]) {
    const declaration = { format, hasRow: true };
    assert.equal(nothingStored(counts(2, 2), { ...declaration, allowEmpty: true }), null);
    const failure = nothingStored(counts(0), { ...declaration, allowEmpty: false });
    assert.equal(failure?.code, "nothing-stored");
  }
});
