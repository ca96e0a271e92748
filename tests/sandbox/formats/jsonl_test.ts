import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonl } from "../../../src/sdk/jsonl.ts";
import { MAX_RAW_CHARS, type RecordReader } from "../../../src/sandbox/formats/contract.ts";
import { jsonlReader } from "../../../src/sandbox/formats/json/lines.ts";
import { recordReader } from "../../../src/sandbox/formats/record_reader.ts";
import { cutAt, faults, recordingSink, type SinkCall } from "./recording.ts";

function read(pieces: readonly string[], maxRecordChars?: number): SinkCall[] {
  const calls: SinkCall[] = [];
  const sink = recordingSink(calls, () => null);
  const reader: RecordReader = jsonlReader(
    {},
    sink,
    maxRecordChars === undefined ? {} : { maxRecordChars },
  );
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return calls;
}

Deno.test("jsonl: one object per line; blank lines are skipped; the last line needs no line end", () => {
  assert.deepEqual(read(['{"a":1}\r\n\n \t\r\n{"a":[{"b":null}]}']), [
    { value: { a: 1 }, line: 1 },
    { skip: 2 },
    { skip: 3 },
    { value: { a: [{ b: null }] }, line: 4 },
  ]);
  assert.deepEqual(read([]), []);
  assert.deepEqual(read(["\n"]), [{ skip: 1 }]);
});

Deno.test("jsonl: a line that is not an object is a fault, and the next line is read", () => {
  const calls = read(['null\n[1]\n"a"\n1\ntrue\n{}\n']);
  assert.deepEqual(faults(calls).map(({ line, reason }) => [line, reason]), [
    [1, "is null, not a JSON object"],
    [2, "is an array, not a JSON object"],
    [3, "is a string, not a JSON object"],
    [4, "is a number, not a JSON object"],
    [5, "is a boolean, not a JSON object"],
  ]);
  assert.deepEqual(calls.at(-1), { value: {}, line: 6 });
});

Deno.test("jsonl: invalid JSON is reported in our own words, with the character if it is known", () => {
  const cases: [text: string, reason: string, column: number | null][] = [
    ['{"a":1', 'expected "," or "}" after the value', 7],
    ["{", 'expected a name in double quotes or "}"', 2],
    ["{a:1}", 'expected a name in double quotes or "}"', 2],
    ['{"a":1,}', "expected a name in double quotes", 8],
    ['{"a" 1}', 'expected ":" after the name', 6],
    ['{"a":1 "b":2}', 'expected "," or "}" after the value', 8],
    ['{"a":[1 2]}', 'expected "," or "]" after the value', 9],
    ['{"a":"b', "a string is not closed", 8],
    ['{"a":"\t"}', "a string contains a control character", 7],
    ['{"a":"\\x"}', "a string contains an invalid escape", 8],
    ['{"a":-}', "a number is invalid", 7],
    ['{"a":1.}', "a number is invalid", 8],
    ['{"a":1e}', "a number is invalid", 8],
    ['{"a":NaN}', 'unexpected "N"', null],
    ['{"a":1}{"a":2}', "text follows the value", 8],
    ["\0", 'unexpected "\\u0000"', null],
    ['{"a":', "it ends too early", null],
  ];
  for (const [raw, reason, column] of cases) {
    assert.deepEqual(read([raw + "\r\n"]), [
      { fault: { line: 1, column, reason: `is not JSON: ${reason}`, raw } },
    ]);
  }
});

Deno.test("jsonl: a line over the limit is rejected and not kept in memory", () => {
  const piece = "x".repeat(64 * 1024);
  const pieces = ['{"a":1}\n', ...Array.from({ length: 800 }, () => piece), '\n{"b":2}\n'];
  assert.deepEqual(read(pieces), [
    { value: { a: 1 }, line: 1 },
    {
      fault: {
        line: 2,
        column: null,
        reason: "is longer than 1,048,576 characters",
        raw: "x".repeat(MAX_RAW_CHARS),
      },
    },
    { value: { b: 2 }, line: 3 },
  ]);
});

Deno.test("jsonl: __proto__ is an ordinary key", () => {
  const [calls] = read(['{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}}}']);
  assert.ok(calls !== undefined && "value" in calls);
  const value = calls.value as Record<string, unknown>;
  assert.deepEqual(Object.keys(value), ["__proto__", "constructor"]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.equal(value["polluted"], undefined);
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
});

Deno.test("jsonl: integers beyond the safe range stay exact", () => {
  const [calls] = read([
    '{"a":9007199254740993,"b":-123456789012345678901,"c":1234567890123456,"d":1e20}',
  ]);
  assert.deepEqual(calls, {
    value: { a: 9007199254740993n, b: -123456789012345678901n, c: 1234567890123456, d: 1e20 },
    line: 1,
  });
});

Deno.test("jsonl: deep nesting never overflows the stack", () => {
  for (const depth of [1_000, 300_000]) {
    const line = '{"a":' + "[".repeat(depth) + "1234567890123456789" + "]".repeat(depth) + "}";
    assert.equal(read([line]).length, 1);
  }
});

Deno.test("jsonl: the raw text is available while a record is delivered, without its line end", () => {
  const raws: string[] = [];
  const sink = recordingSink([], () => null);
  const reader = jsonlReader({}, { ...sink, value: () => raws.push(reader.raw()) });
  reader.push('{"a":1}\r\n{"a": 2}\n{"b":"' + "x".repeat(5_000) + '"}');
  reader.end();
  assert.deepEqual(raws.map((raw) => raw.slice(0, 8)), ['{"a":1}', '{"a": 2}', '{"b":"xx']);
  assert.equal(raws[2]?.length, MAX_RAW_CHARS);
});

Deno.test("jsonl: invalid bytes reject their line", () => {
  const calls: SinkCall[] = [];
  const reader = recordReader(jsonl(), recordingSink(calls, () => null));
  reader.push(new Uint8Array([...'{"a":"\xE9"}\n{"b":2}'].map((char) => char.charCodeAt(0))));
  reader.end();
  assert.deepEqual(calls, [
    { fault: { line: 1, column: null, reason: "is not valid UTF-8", raw: '{"a":"\uFFFD"}' } },
    { value: { b: 2 }, line: 2 },
  ]);
});

Deno.test("jsonl property: the calls do not depend on how the text is split, and objects are unchanged", () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue());
  const line = fc.oneof(
    object.map((value) => JSON.stringify(value)),
    fc.string(),
    fc.constant("\r"),
  );
  const cuts = fc.array(fc.nat(), { maxLength: 12 });
  fc.assert(
    fc.property(fc.array(line), cuts, fc.integer({ min: 1, max: 60 }), (lines, cuts, limit) => {
      const text = lines.join("\n");
      assert.deepEqual(read(cutAt(text, cuts), limit), read([text], limit));
    }),
  );
  fc.assert(fc.property(fc.array(object), (objects) => {
    const calls = read([objects.map((value) => JSON.stringify(value) + "\n").join("")]);
    // Integers beyond the safe range are read as bigint on purpose.
    const asNumbers = (_key: string, value: unknown) =>
      typeof value === "bigint" ? Number(value) : value;
    const values = calls.map((one) =>
      "value" in one ? JSON.parse(JSON.stringify(one.value, asNumbers)) : null
    );
    assert.deepEqual(values, objects.map((value) => JSON.parse(JSON.stringify(value))));
  }));
});
