import assert from "node:assert/strict";
import fc from "fast-check";
import type { ColumnType } from "../../../src/batch/column.ts";
import { converterOf } from "../../../src/batch/convert.ts";
import { JsonNumbers, mayDiffer } from "../../../src/sandbox/formats/json/numbers.ts";
import { parseJson, parseJsonTexts } from "../../../src/sandbox/formats/json/value.ts";
import { ValueFault } from "../../../src/sdk/values/value_fault.ts";

/** What a column `name` gets from the member `key` of a record. */
function stored(text: string, key: string, type: ColumnType, name: string): unknown {
  const record = parseJson(text) as Record<string, unknown>;
  return converterOf(type)(record[key], new JsonNumbers(text), [name]);
}

const KEPT: [json: string, type: ColumnType, expected: string][] = [
  ["12345678901234.567891", "decimal", "12345678901234.567891"],
  ["100000000000000000000.5", "decimal", "100000000000000000000.5"],
  ["1.10", "decimal", "1.10"],
  ["1.10", "text", "1.10"],
  ["20240102030405.06789", "text", "20240102030405.06789"],
  ["-0.0", "decimal", "-0.0"],
  ["5.50", "text", "5.50"],
  ["1e400", "decimal", "1e400"],
  ["0.00000010", "text", "0.00000010"],
  ["1e20", "varint", "100000000000000000000"],
  ["12345678901234567890.0", "varint", "12345678901234567890"],
  ["9223372036854775807", "bigint", "9223372036854775807"],
  ["9223372036854775807", "text", "9223372036854775807"],
  ["[1.10, 12345678901234.567891]", "list<decimal>", '["1.10","12345678901234.567891"]'],
  ['{"x": 0.10000000000000000555}', "map<text, decimal>", '[["x","0.10000000000000000555"]]'],
  ['{"p":1.10,"q":[5.0]}', "text", '{"p":1.10,"q":[5.0]}'],
  ["1.10", "double", "1.1"],
  ["5.0", "int", "5"],
  ["17", "text", "17"],
];

for (const [json, type, expected] of KEPT) {
  Deno.test(`JSON digits: ${json} in a ${type} column stays ${expected}`, () => {
    assert.equal(String(stored(`{"a":"1.1","v": ${json} ,"z":2}`, "v", type, "other")), expected);
  });
}

Deno.test("JSON digits: of several members that are the same number, the column's name decides", () => {
  const text = '{"version":1.10,"before":1.1,"x":{"count":1.100}}';
  assert.equal(stored(text, "version", "text", "version"), "1.10");
  assert.equal(stored(text, "before", "text", "before"), "1.1");
  assert.equal(stored(text, "before", "text", "count"), "1.100");
  // As decimals they are one value.
  assert.equal(stored(text, "before", "decimal", "other"), "1.100");
});

Deno.test("JSON digits: a whole number in text is not taken for a member of another name", () => {
  for (const written of ["5.0", "-0", "1E5"]) {
    const text = `{"v":${written}}`;
    assert.equal(stored(text, "v", "text", "v"), written);
    assert.equal(stored(text, "v", "decimal", "count"), written);
    assert.throws(() => stored(text, "v", "text", "count"), ValueFault);
  }
  assert.equal(stored('{"v":5}', "v", "text", "count"), "5");
  assert.equal(stored('{"unitPrice":5.0}', "unitPrice", "text", "unit_price"), "5.0");
});

Deno.test("JSON digits: the record is rejected if it is unknown which of two values is meant", () => {
  const texts = '{"version":1.10,"before":1.1}';
  assert.throws(() => stored(texts, "version", "text", "v"), (error) => {
    assert.ok(error instanceof ValueFault);
    assert.match(
      error.message,
      /^1\.1 is written as 1\.10 and 1\.1 in the record: .*numbers: "text"/,
    );
    return true;
  });
  const decimals = '{"a":100000000000000000000.5,"b":100000000000000000000.25}';
  assert.throws(() => stored(decimals, "a", "decimal", "v"), ValueFault);
  assert.equal(stored(decimals, "b", "decimal", "b"), "100000000000000000000.25");
});

Deno.test("JSON digits: a number that the module has calculated is stored as it is", () => {
  const numbers = new JsonNumbers('{"a":1.10}');
  assert.equal(converterOf("decimal")(1.1 * 2, numbers, ["a"]), "2.2");
  assert.equal(converterOf("text")(7, numbers, ["a"]), "7");
});

const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`));
const number = fc.tuple(
  fc.constantFrom("", "-"),
  digits(22).map((text) => text.replace(/^0+(?=.)/, "")),
  fc.option(digits(22)),
  fc.option(fc.tuple(fc.constantFrom("e", "E", "e+", "e-"), fc.integer({ min: 0, max: 30 }))),
).map(([sign, whole, fraction, exponent]) =>
  `${sign}${whole}${fraction === null ? "" : `.${fraction}`}${exponent?.join("") ?? ""}`
);

Deno.test("JSON digits: every number keeps its text in text columns, and its digits in decimals", () => {
  fc.assert(
    fc.property(number, (written) => {
      const text = `{"v":${written}}`;
      const isInteger = /^-?\d+$/.test(written) && !Number.isSafeInteger(Number(written));
      // Integers beyond 2^53 arrive as bigint, which has one text for each value.
      const expected = isInteger ? String(BigInt(written)) : written;
      assert.equal(stored(text, "v", "text", "v"), expected);
      assert.equal(stored(text, "v", "decimal", "x"), expected);
      assert.deepEqual(parseJsonTexts(text, "all"), { v: written });
      const changed = parseJsonTexts(text, "changed") as { v: unknown };
      assert.equal(String(changed.v), written);
      if (!mayDiffer(text)) assert.equal(String(Number(written)), written);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("JSON digits: a collection's text keeps its numbers, whatever the record has", () => {
  const text = '{"list":"[1.10, 1.1]","v":1.100}';
  assert.equal(stored(text, "list", "list<decimal>", "x"), '["1.10","1.1"]');
});

Deno.test("JSON digits: quotes, escapes and nesting do not hide a number or its name", () => {
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      number,
      fc.string({ unit: fc.constantFrom("a", '"', "\\", ":", "1", ".", "e", "-", "{", " ") })
        .map((text) => JSON.stringify(text)),
      fc.array(tie("value")).map((items) => `[${items.join(" , ")}]`),
      fc.array(tie("value")).map((items) =>
        `{${items.map((item, i) => `"k${i}"\n:${item}`).join(",")}}`
      ),
    ),
  })).value as fc.Arbitrary<string>;
  fc.assert(fc.property(json, number, json, (before, written, after) => {
    fc.pre(/^-?\d+$/.test(written) === false);
    const text = `{"b\\"\\\\":${before},"na\\u006de" : ${written},"a":[${after}]}`;
    assert.equal(stored(text, "name", "text", "name"), written);
  }));
});

Deno.test("JSON digits: a long list of equal numbers is read in linear time", () => {
  const text = `{"v":[${"1.10,".repeat(60_000)}1.1]}`;
  const list = stored(text, "v", "list<decimal>", "x") as string;
  // As decimals, both ways of writing are one value.
  assert.equal(list, `[${'"1.10",'.repeat(60_000)}"1.10"]`);
});
