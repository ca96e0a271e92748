import assert from "node:assert/strict";
import {
  type ColumnType,
  SCALAR_TYPES,
  type Value,
  withLocalDates,
} from "../../src/batch/column.ts";
import { converterOf } from "../../src/batch/convert.ts";
import { ValueFault } from "../../src/sdk/values/value_fault.ts";

const ACCEPTED: [ColumnType, unknown, Value][] = [
  ["ascii", "plain", "plain"],
  ["bigint", "-9223372036854775808", "-9223372036854775808"],
  ["bigint", " +7 ", "7"],
  ["bigint", 12, "12"],
  ["blob", "0x00fF", new Uint8Array([0, 255])],
  ["blob", "\\x00ff", new Uint8Array([0, 255])],
  ["boolean", "Yes", 1],
  ["boolean", false, 0],
  ["date", "2024-02-29", "2024-02-29"],
  ["date", new Date("2019-10-31T15:16:22Z"), "2019-10-31"],
  ["decimal", "+12.50", "12.50"],
  ["double", "1e3", 1000],
  ["int", "1.0", 1],
  ["int", "1e3", 1000],
  ["bigint", "1.50e1", "15"],
  ["varint", "1e30", `1${"0".repeat(30)}`],
  ["inet", " ", null],
  ["duration", "PT1H30M", "PT1H30M"],
  ["duration", "1h30m", "1h30m"],
  ["duration", "1 year 2 mons 3 days 04:05:06.789", "1y2mo3d4h5m6s789ms"],
  ["duration", "00:30:00", "30m"],
  ["duration", "-1 days -02:00:00", "-1d2h"],
  ["duration", "-00:00:01.5", "-1s500ms"],
  ["duration", "0 days 03:04:05.000000001", "3h4m5s1ns"],
  ["duration", "00:00:00", "0s"],
  ["duration", " ", null],
  ["float", "0.1", Math.fround(0.1)],
  ["inet", "192.168.0.1", "192.168.0.1"],
  ["inet", "2001:DB8::1", "2001:db8::1"],
  ["inet", "::ffff:10.0.0.1", "::ffff:10.0.0.1"],
  ["int", "-2147483648", -2147483648],
  ["int", "-0", 0],
  ["smallint", 32767, 32767],
  ["text", "", ""],
  ["text", 5n, "5"],
  ["text", { a: [1n, 1.5, null, { b: "x" }] }, '{"a":[1,1.5,null,{"b":"x"}]}'],
  ["text", [new Date(0)], '["1970-01-01T00:00:00.000Z"]'],
  ["time", "23:59", "23:59:00"],
  ["time", "23:59:59.123456789", "23:59:59.123456789"],
  ["timestamp", "2019-10-31 15:16:22", "2019-10-31T15:16:22.000Z"],
  ["timestamp", "2019-10-31T15:16:22+02:00", "2019-10-31T13:16:22.000Z"],
  ["timeuuid", "b21e3c10-7d5c-11ee-8c99-0242ac120002", "b21e3c10-7d5c-11ee-8c99-0242ac120002"],
  ["tinyint", "-128", -128],
  ["uuid", "BA7816BF-8F01-4FEA-8141-40DE5DAE2223", "ba7816bf-8f01-4fea-8141-40de5dae2223"],
  ["varint", "123456789012345678901234567890", "123456789012345678901234567890"],
  ["list<int>", [3, "1", 3], "[3,1,3]"],
  ["list<text>", '["b", "a"]', '["b","a"]'],
  ["list<bigint>", "[9007199254740993]", '["9007199254740993"]'],
  ["list<boolean>", ["yes", false], "[true,false]"],
  ["list<blob>", ["0x00FF"], '["0x00ff"]'],
  ["list<date>", [new Date(0)], '["1970-01-01"]'],
  ["list<int>", [], null],
  ["list<int>", "", null],
  ["set<text>", new Set(["b", "a", "b"]), '["a","b"]'],
  [
    "set<uuid>",
    '["BA7816BF-8F01-4FEA-8141-40DE5DAE2223"]',
    '["ba7816bf-8f01-4fea-8141-40de5dae2223"]',
  ],
  ["map<text, int>", { b: 2, a: "1" }, '[["a",1],["b",2]]'],
  ["map<int, text>", new Map([[1, "x"]]), '[[1,"x"]]'],
  ["map<text, double>", '{"a": 0.5}', '[["a",0.5]]'],
];

const REFUSED: [ColumnType, unknown][] = [
  ["ascii", "naïve"],
  ["list<int>", "1, 2"],
  ["list<int>", [1, "two"]],
  ["list<int>", [1, null]],
  ["list<text>", { a: 1 }],
  ["set<int>", '{"a": 1}'],
  ["map<text, int>", '["a"]'],
  ["map<text, int>", { a: "x" }],
  ["map<text, int>", 7],
  ["decimal", "1e99999999999"],
  ["bigint", "9223372036854775808"],
  ["bigint", 1e20],
  ["blob", "0x0"],
  ["boolean", "maybe"],
  ["date", "2023-02-29"],
  ["date", "31.10.2019"],
  ["date", new Date(NaN)],
  ["decimal", "1,5"],
  ["double", "0x10"],
  ["double", "NaN"],
  ["double", Infinity],
  ["duration", "P"],
  ["duration", "soon"],
  ["duration", "-1 days +02:00:00"],
  ["duration", "1 day  02:00:00"],
  ["float", 1e39],
  ["blob", "\\x0"],
  ["blob", " "],
  ["inet", "256.1.1.1"],
  ["inet", "1::2::3"],
  ["inet", "1:2:3"],
  ["int", "12.5"],
  ["int", "2147483648"],
  ["int", "12 apples"],
  ["int", {}],
  ["int", true],
  ["smallint", 32768],
  ["text", { toString: () => "sneaky" }],
  ["text", new Map()],
  ["text", [NaN]],
  ["text", new Uint8Array(1)],
  ["time", "24:00:00"],
  ["timestamp", "yesterday"],
  ["timestamp", "2019-13-01T00:00:00Z"],
  ["timeuuid", "ba7816bf-8f01-4fea-8141-40de5dae2223"],
  ["tinyint", 128],
  ["uuid", "not-a-uuid"],
  ["varint", "1.5"],
  ["varint", "1e5000"],
  ["int", "1.00000000000000000001"],
  ["timestamp", 0],
  ["timestamp", "1704164645"],
  ["timestamp", "0000-01-01"],
  ["timestamp", new Date(253_402_300_800_000)],
  ["date", new Date(-62_135_596_800_001)],
];

for (const [type, given, expected] of ACCEPTED) {
  Deno.test(`${type} accepts ${typeof given} ${String(given)}`, () => {
    assert.deepEqual(converterOf(type)(given), expected);
  });
}

for (const [type, given] of REFUSED) {
  Deno.test(`${type} refuses ${typeof given} ${typeof given === "object" ? "" : String(given)}`, () => {
    assert.throws(() => converterOf(type)(given), ValueFault);
  });
}

Deno.test("nothing and blank text are null for every type except text types and blob", () => {
  for (const type of SCALAR_TYPES) {
    for (const nothing of [null, undefined]) assert.equal(converterOf(type)(nothing), null);
    if (["text", "ascii", "blob"].includes(type)) continue;
    for (const blank of ["", " ", "\t\u00a0 "]) assert.equal(converterOf(type)(blank), null);
  }
  assert.equal(converterOf("text")(" "), " ");
});

Deno.test("texts that mean null do so for every type, and for the numbers that they write", () => {
  for (const type of SCALAR_TYPES) {
    const convert = converterOf(type, { null: ["n/a", "-999"] });
    for (const nothing of [" n/a ", "-999"]) assert.equal(convert(nothing), null, type);
    if (
      ["blob", "inet", "uuid", "timeuuid", "duration", "time", "date", "boolean"].includes(type)
    ) continue;
    assert.equal(convert(-999), null, type);
  }
  assert.equal(converterOf("list<int>", { null: ["-"] })("-"), null);
});

Deno.test("the options of a collection are for its elements", () => {
  const options = { decimal: ",", group: "." } as const;
  assert.equal(converterOf("list<decimal>", options)(["1.234,5", 7]), '["1234.5","7"]');
  assert.equal(converterOf("map<text, decimal>", options)({ a: "0,5" }), '[["a","0.5"]]');
  const day = { format: "DD.MM.YYYY" };
  assert.equal(converterOf("set<date>", day)(["31.12.2024"]), '["2024-12-31"]');
});

Deno.test("a Date of a spreadsheet is a local time in the column's zone", () => {
  const columns = [
    { name: "at", type: "timestamp" as const, options: { timeZone: "Europe/Berlin" } },
    { name: "n", type: "int" as const },
  ];
  const table = { name: "t", columns, partitionKey: ["n"], clusteringKey: [] };
  const [at, n] = withLocalDates([table])[0]!.columns;
  const convert = converterOf(at!.type, at!.options);
  assert.equal(convert(new Date("2024-07-01T12:00:00.5Z")), "2024-07-01T10:00:00.500Z");
  assert.throws(() => convert(new Date("2024-03-31T02:30:00Z")), /skipped in Europe\/Berlin/);
  assert.throws(() => converterOf("timestamp", columns[0]!.options)(new Date(0)), /is in UTC/);
  assert.equal(n, columns[1]);
});

Deno.test("options that only say where a value comes from leave the converter as it is", () => {
  assert.equal(converterOf("int", { from: "x", optional: true }), converterOf("int"));
});
