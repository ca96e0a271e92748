import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { rowIds } from "../../src/sandbox/wire/row_id.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

Deno.test("a row id is a version 8 uuid that only depends on the file and the line", () => {
  fc.assert(fc.property(fc.string(), fc.integer({ min: 1, max: 2 ** 40 }), (text, line) => {
    const id = rowIds(sha256(text))(line);
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(id, rowIds(sha256(text))(line));
    assert.ok(id < rowIds(sha256(text))(line + 1));
  }));
});

Deno.test("two files do not share row ids", () => {
  assert.notEqual(rowIds(sha256("a"))(1), rowIds(sha256("b"))(1));
});
