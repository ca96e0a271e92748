import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonOptions } from "../../../src/sdk/json.ts";
import { Failure } from "../../../src/base/failure.ts";
import { jsonArrayReader } from "../../../src/sandbox/formats/json/array.ts";
import { parseJson } from "../../../src/sandbox/formats/json/value.ts";
import { recordingSink, type SinkCall } from "./recording.ts";

function readJson(pieces: string[], options: JsonOptions = {}, maxRecordChars?: number) {
  const calls: SinkCall[] = [];
  const reader = jsonArrayReader(options, recordingSink(calls, () => null), { maxRecordChars });
  let code: string | null = null;
  try {
    for (const piece of pieces) reader.push(piece);
    reader.end();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    code = error.code;
  }
  return { calls, code };
}

function cut(text: string, cuts: readonly number[]): string[] {
  const at = [...new Set(cuts.map((one) => one % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, i) => text.slice(start, at[i] ?? text.length));
}

// JavaScript moves keys of digits to the front, which this test does not cover.
const objects = fc.array(
  fc.dictionary(fc.string().filter((key) => !/^\d+$/.test(key)), fc.jsonValue({ maxDepth: 3 })),
  { maxLength: 8 },
);
const cuts = fc.array(fc.nat(2_000), { maxLength: 12 });

Deno.test("json: any array of objects is read unchanged, however the text is split", () => {
  fc.assert(fc.property(objects, cuts, fc.nat(4), (values, where, indent) => {
    const text = JSON.stringify(values, null, indent);
    const { calls, code } = readJson(cut(text, where));
    assert.equal(code, null);
    const expected = parseJson(text) as unknown[];
    assert.deepEqual(calls, expected.map((value, i) => ({ value, line: i + 1 })));
  }));
});

Deno.test("json: an array within objects is found, whatever surrounds it", () => {
  const member = fc.string().filter((key) => key !== "in" && key !== "x");
  const others = fc.dictionary(member, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
  fc.assert(
    fc.property(objects, others, others, cuts, (values, before, after, where) => {
      const text = JSON.stringify({ ...before, in: { ...after, x: values, y: 1 }, z: [] });
      const { calls, code } = readJson(cut(text, where), { at: "in.x" });
      assert.equal(code, null);
      const { in: { x } } = parseJson(text) as { in: { x: unknown[] } };
      assert.deepEqual(calls, x.map((value, i) => ({ value, line: i + 1 })));
    }),
  );
});

Deno.test("json: truncated text and text after the array are refused", () => {
  fc.assert(fc.property(objects, fc.nat(2_000), (values, at) => {
    const text = JSON.stringify(values);
    const end = at % text.length;
    assert.notEqual(readJson([text.slice(0, end)]).code, null);
    assert.notEqual(readJson([text, text.slice(0, end + 1)]).code, null);
  }));
});

Deno.test("json: reading any text ends, with the same result however it is split", () => {
  const soup = fc.string({ unit: fc.constantFrom(...'[]{},:"\\a1 \n'), maxLength: 40 });
  fc.assert(
    fc.property(soup, cuts, (text, where) => {
      const whole = readJson([text]);
      assert.deepEqual(readJson(cut(text, where)), whole);
      let valid: unknown = null;
      try {
        valid = JSON.parse(text);
      } catch {
        // Not valid as a whole; single records may still be.
      }
      if (Array.isArray(valid)) assert.equal(whole.calls.length, valid.length);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("json: little of a record over the limit stays in memory, and the next one is read", () => {
  const long = `{"a":"${"x".repeat(50_000)}"}`;
  const { calls } = readJson(
    [`[${long.slice(0, 30_000)}`, `${long.slice(30_000)},{"b":1}]`],
    {},
    100,
  );
  assert.equal(calls.length, 2);
  const [first, second] = calls;
  assert.ok(first && "fault" in first && /longer than 100/.test(first.fault.reason));
  assert.equal(first.fault.raw.length, 4096);
  assert.deepEqual(second, { value: { b: 1 }, line: 2 });
});
