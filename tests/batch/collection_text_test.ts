import assert from "node:assert/strict";
import fc from "fast-check";
import type { ColumnType } from "../../src/batch/column.ts";
import { converterOf } from "../../src/batch/convert.ts";
import { ValueFault } from "../../src/sdk/values/value_fault.ts";

const READ: [ColumnType, string, string | null][] = [
  // cqlsh
  [
    "list<text>",
    "['a', 'it''s', 'back\\\\slash', 'line\\nend']",
    '["a","it\'s","back\\\\slash","line\\nend"]',
  ],
  ["set<text>", "{'b', 'a'}", '["a","b"]'],
  ["map<text, int>", "{'k': 1, 'a:b': 2}", '[["a:b",2],["k",1]]'],
  ["list<boolean>", "[True, False]", "[true,false]"],
  ["list<blob>", "[0x00ff]", '["0x00ff"]'],
  [
    "set<uuid>",
    "{ba7816bf-8f01-4fea-8141-40de5dae2223}",
    '["ba7816bf-8f01-4fea-8141-40de5dae2223"]',
  ],
  ["list<timestamp>", "['2024-01-02 03:04:05.123000+0000']", '["2024-01-02T03:04:05.123Z"]'],
  ["list<duration>", "[1h30m, 2d]", '["1h30m","2d"]'],
  ["map<int, double>", "{1: 0.5, 2: 1e-05}", "[[1,0.5],[2,0.00001]]"],
  [
    "map<date, time>",
    "{'2024-01-02': '03:04:05.000000000'}",
    '[["2024-01-02","03:04:05.000000000"]]',
  ],
  // PostgreSQL
  ["list<text>", '{a,"b c","say \\"hi\\"","x,y"}', '["a","b c","say \\"hi\\"","x,y"]'],
  ["list<int>", "{1,2}", "[1,2]"],
  ["list<time>", "{03:04:05,04:00}", '["03:04:05","04:00:00"]'],
  ["set<text>", '{"NULL"}', '["NULL"]'],
  ["list<text>", "{}", null],
  ["set<int>", "{ }", null],
  // JSON
  ["list<decimal>", "[1.10, 12345678901234567890.5]", '["1.10","12345678901234567890.5"]'],
  ["map<text, text>", '{"a": "b"}', '[["a","b"]]'],
  ["map<text, int>", '[["a", 1]]', '[["a",1]]'],
  ["list<int>", " \t ", null],
  ["list<int>", "[]", null],
];

for (const [type, text, expected] of READ) {
  Deno.test(`collections: ${text} is a ${type}`, () => {
    assert.equal(converterOf(type)(text), expected);
  });
}

const REFUSED: [ColumnType, string, RegExp][] = [
  ["list<int>", "1, 2", /is not a list/],
  ["list<text>", "['a'", /is not a list/],
  ["list<text>", "{]", /is not a list/],
  ["list<text>", "{", /is not a list/],
  ["list<text>", "['a'] x", /is not a list/],
  ["list<text>", "{a,,b}", /is not a list/],
  ["list<int>", "{{1},{2}}", /is not a list/],
  ["list<int>", "{1,NULL}", /element 2 is empty/],
  ["map<text, int>", "{'a', 'b'}", /is not a map/],
  ["map<text, int>", "['a']", /is not a map/],
  ["list<int>", '{"a": 1}', /is not a list/],
  ["list<double>", "[NaN]", /element 1: "NaN" is not a number/],
];

for (const [type, text, reason] of REFUSED) {
  Deno.test(`collections: ${text} is no ${type}`, () => {
    assert.throws(() => converterOf(type)(text), (error) => {
      assert.ok(error instanceof ValueFault);
      assert.match(error.message, reason);
      return true;
    });
  });
}

Deno.test("collections: every list of texts survives an export of cqlsh and of PostgreSQL", () => {
  const convert = converterOf("list<text>");
  const item = fc.string({
    unit: fc.constantFrom("a", " ", "'", '"', "\\", ",", "{", "]", ":", "n"),
  });
  fc.assert(fc.property(fc.array(item, { minLength: 1 }), (items) => {
    const expected = JSON.stringify(items);
    const cql = items.map((text) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`);
    assert.equal(convert(`[${cql.join(", ")}]`), expected);
    const postgres = items.map((text) => `"${text.replace(/["\\]/g, "\\$&")}"`);
    assert.equal(convert(`{${postgres.join(",")}}`), expected);
  }));
});
