import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { Failure } from "../../../src/base/failure.ts";
import { avroReader } from "../../../src/sandbox/formats/avro/reader.ts";
import type { StoredTimestampOptions } from "../../../src/sdk/file_format.ts";
import type { RecordFault } from "../../../src/sandbox/formats/contract.ts";
import { bytes, long, writeAvro } from "../../harness/avro_writer.ts";
import { cutAt } from "./recording.ts";

function read(file: Uint8Array, cuts: number[] = [], options: StoredTimestampOptions = {}) {
  const values: Record<string, unknown>[] = [];
  const faults: RecordFault[] = [];
  const reader = avroReader(options, {
    fields: () => assert.fail("Avro has objects"),
    value: (value) => void values.push(value),
    fault: (fault) => void faults.push(fault),
    skip: () => assert.fail("nothing is skipped"),
  }, {});
  for (const piece of cutAt(file, cuts)) reader.push(piece);
  reader.end();
  return { values, faults };
}

const record = (type: unknown, more: object = {}) => {
  return { type: "record", name: "R", fields: [{ name: "a", type, ...more }] };
};
const fixed = (size: number, logicalType: string, more: object = {}) => {
  return { type: "fixed", name: "F", size, logicalType, ...more };
};
const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const US = 1546300800123999n;

/** Logical types, a stored value, and what `row` receives. */
const TYPES: [type: object, stored: Buffer, value: unknown][] = [
  [{ type: "int", logicalType: "date" }, long(-719162), new Date("0001-01-01T00:00:00.000Z")],
  [{ type: "int", logicalType: "time-millis" }, long(86399999), "23:59:59.999"],
  [{ type: "long", logicalType: "time-micros" }, long(1), "00:00:00.000001"],
  [{ type: "long", logicalType: "timestamp-millis" }, long(-1), new Date(-1)],
  [{ type: "long", logicalType: "timestamp-micros" }, long(US), new Date(1546300800123)],
  [{ type: "long", logicalType: "timestamp-micros" }, long(-1), new Date(-1)],
  [
    { type: "long", logicalType: "timestamp-nanos" },
    long(US * 1000n + 999n),
    new Date(1546300800123),
  ],
  [{ type: "long", logicalType: "timestamp-nanos" }, long(-1_000_001n), new Date(-2)],
  [{ type: "long", logicalType: "local-timestamp-millis" }, long(5), new Date(5)],
  [{ type: "long", logicalType: "local-timestamp-micros" }, long(US), new Date(1546300800123)],
  [
    { type: "long", logicalType: "local-timestamp-nanos" },
    long(US * 1000n),
    new Date(1546300800123),
  ],
  [
    { type: "bytes", logicalType: "decimal", precision: 40, scale: 6 },
    bytes(hex("ab54a98ceb1f0ad2")),
    "-6101065172474.983726",
  ],
  [
    fixed(9, "decimal", { precision: 20, scale: 1 }),
    hex("00ffffffffffffffff"),
    "1844674407370955161.5",
  ],
  [{ type: "bytes", logicalType: "decimal", precision: 4 }, bytes(hex("007b")), "123"],
  [
    { type: "bytes", logicalType: "big-decimal" },
    bytes(Buffer.concat([bytes(hex("04d2")), long(3)])),
    "1.234",
  ],
  [
    { type: "bytes", logicalType: "big-decimal" },
    bytes(Buffer.concat([bytes(hex("ff")), long(-2)])),
    "-100",
  ],
  [
    { type: "string", logicalType: "uuid" },
    bytes("00112233-4455-6677-8899-aabbccddeeff"),
    "00112233-4455-6677-8899-aabbccddeeff",
  ],
  [
    fixed(16, "uuid"),
    hex("00112233445566778899aabbccddeeff"),
    "00112233-4455-6677-8899-aabbccddeeff",
  ],
  [fixed(12, "duration"), hex("0e000000 02000000 bc0b0000"), "P14M2DT3.004S"],
];

for (const [type, stored, value] of TYPES) {
  const { logicalType, type: as } = type as { logicalType: string; type: string };
  Deno.test(`avro: ${logicalType} in ${as}: ${JSON.stringify(value)}`, () => {
    assert.deepEqual(read(writeAvro(record(type), [stored])).values, [{ a: value }]);
    // In a union, a list and a struct.
    const union = Buffer.concat([long(1), stored]);
    assert.deepEqual(read(writeAvro(record(["null", type]), [union, long(0)])).values, [
      { a: value },
      { a: null },
    ]);
    const list = Buffer.concat([long(1), stored, long(0)]);
    const inner = { type: "record", name: "I", fields: [{ name: "b", type }] };
    const file = writeAvro(record({ type: "array", items: inner }), [list]);
    assert.deepEqual(read(file).values, [{ a: [{ b: value }] }]);
  });
}

Deno.test("avro: logical types on other types, and unknown ones, are ignored", () => {
  const rows: [object, Buffer, unknown][] = [
    [{ type: "int", logicalType: "timestamp-millis" }, long(5), 5],
    [{ type: "long", logicalType: "timestamp-weeks" }, long(5), 5],
    [{ type: "string", logicalType: "date" }, bytes("2024"), "2024"],
    [fixed(4, "duration"), hex("01020304"), new Uint8Array([1, 2, 3, 4])],
    [fixed(2, "uuid"), hex("0102"), new Uint8Array([1, 2])],
    [{ type: "bytes", logicalType: "decimal", scale: -1 }, bytes(hex("01")), new Uint8Array([1])],
  ];
  for (const [type, stored, value] of rows) {
    assert.deepEqual(read(writeAvro(record(type), [stored])).values, [{ a: value }]);
  }
});

Deno.test("avro: a value that its type does not allow rejects its record, and only that", () => {
  const rows: [object, Buffer, Buffer, RegExp][] = [
    [{ type: "int", logicalType: "date" }, long(2932897), long(0), /^has a date outside years/],
    [
      { type: "long", logicalType: "timestamp-micros" },
      long(253402300800000000n),
      long(0),
      /^has a timestamp outside years 1 to 9999 \(253402300800000000\) in "a"/,
    ],
    [
      { type: "long", logicalType: "local-timestamp-millis" },
      long(2n ** 62n),
      long(0),
      /^has a timestamp outside years/,
    ],
    [{ type: "int", logicalType: "time-millis" }, long(-1), long(0), /not within a day \(-1\)/],
    [
      { type: "bytes", logicalType: "big-decimal" },
      bytes(hex("ff")),
      bytes(hex("020100")),
      /decimal/,
    ],
  ];
  for (const [type, bad, good, reason] of rows) {
    const { values, faults } = read(writeAvro(record(type), [good, bad, good]));
    assert.equal(values.length, 2);
    assert.deepEqual(faults.map(({ line }) => line), [2]);
    assert.match(faults[0]!.reason, reason);
  }
  const inner = { type: "array", items: { type: "int", logicalType: "date" } };
  const list = Buffer.concat([long(2), long(0), long(2 ** 30), long(0)]);
  const { faults } = read(writeAvro(record(inner), [list]));
  assert.match(faults[0]!.reason, /in "a\.1"$/);
});

Deno.test("avro: the defaults of a schema are not needed to read its file", () => {
  const types: [object | unknown[], unknown][] = [
    [{ type: "bytes", logicalType: "decimal", precision: 4, scale: 2 }, "\u0000"],
    [["string", "null"], null],
    [{ type: "int", logicalType: "date" }, 0],
  ];
  for (const [type, value] of types) {
    const file = writeAvro(record(type, { default: value }), []);
    assert.deepEqual(read(file).values, []);
  }
});

Deno.test("avro property: timestamps are cut to the millisecond below, in every unit", () => {
  const ms = fc.integer({ min: -62135596800000, max: 253402300799999 });
  fc.assert(fc.property(ms, fc.nat({ max: 999_999 }), (ms, nanos) => {
    const wide = BigInt(ms) * 1_000_000n + BigInt(nanos);
    const fields = [["millis", BigInt(ms)], ["micros", wide / 1000n], ["nanos", wide]] as const;
    for (const [unit, value] of fields) {
      // Nanoseconds have 64 bits, from 1677 to 2262; bigint's division rounds to zero.
      if (value !== BigInt.asIntN(64, value) || (unit === "micros" && wide < 0n)) continue;
      const type = { type: "long", logicalType: `timestamp-${unit}` };
      const { values } = read(writeAvro(record(type), [long(value)]));
      assert.deepEqual(values, [{ a: new Date(ms) }]);
    }
  }));
});

Deno.test("avro property: records do not depend on how the bytes are split", () => {
  const type = { type: "bytes", logicalType: "decimal", precision: 20, scale: 2 };
  const items = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 20 });
  fc.assert(fc.property(items, fc.array(fc.nat(), { maxLength: 8 }), (items, cuts) => {
    const file = writeAvro(record(type), items.map(bytes));
    assert.deepEqual(read(file, cuts), read(file));
    assert.equal(read(file).values.length, items.length);
  }));
});

Deno.test("avro: a damaged file fails with a reason", () => {
  const file = writeAvro(record("long"), [long(1), long(2)]);
  for (let end = 0; end < file.length; end++) {
    try {
      const { values } = read(file.slice(0, end));
      assert.ok(values.length < 2, String(end));
    } catch (error) {
      assert.ok(error instanceof Failure, String(error));
    }
  }
});

Deno.test("avro: longs keep their digits, however the schema writes them", () => {
  const wide = 2n ** 63n - 1n;
  for (const type of ["long", { type: "long" }, { type: "long", logicalType: "timestamp-weeks" }]) {
    assert.deepEqual(read(writeAvro(record(type), [long(wide), long(5)])).values, [
      { a: wide },
      { a: 5 },
    ]);
    const list = Buffer.concat([long(1), long(wide), long(0)]);
    const file = writeAvro(record({ type: "array", items: type }), [list]);
    assert.deepEqual(read(file).values, [{ a: [wide] }]);
  }
});

Deno.test("avro: the branches of an ambiguous union are named after their stored type", () => {
  const type = [
    { type: "long", logicalType: "timestamp-micros" },
    { type: "map", values: "int" },
    { type: "record", name: "Point", fields: [{ name: "x", type: "int" }] },
  ];
  const file = writeAvro(record(type), [
    Buffer.concat([long(0), long(US)]),
    Buffer.concat([long(2), long(5)]),
  ]);
  assert.deepEqual(read(file).values, [
    { a: { long: new Date(1546300800123) } },
    { a: { Point: { x: 5 } } },
  ]);
});

Deno.test("avro: timestamps as text have all digits, and local ones have no zone", () => {
  const rows: [string, bigint, string][] = [
    ["timestamp-millis", -1n, "1969-12-31T23:59:59.999Z"],
    ["timestamp-micros", US, "2019-01-01T00:00:00.123999Z"],
    ["timestamp-nanos", -1n, "1969-12-31T23:59:59.999999999Z"],
    ["local-timestamp-millis", 0n, "1970-01-01T00:00:00.000"],
    ["local-timestamp-micros", -62135596800000000n, "0001-01-01T00:00:00.000000"],
    ["local-timestamp-nanos", US * 1000n + 1n, "2019-01-01T00:00:00.123999001"],
  ];
  for (const [logicalType, stored, text] of rows) {
    const file = writeAvro(record({ type: "long", logicalType }), [long(stored)]);
    assert.deepEqual(read(file, [], { timestamps: "text" }).values, [{ a: text }]);
  }
});
