import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../../src/base/failure.ts";
import type { RecordFault } from "../../../src/sandbox/formats/contract.ts";
import { parquetReader } from "../../../src/sandbox/formats/parquet/reader.ts";
import type { ParquetOptions } from "../../../src/sdk/parquet.ts";
import { type Field, type WriteOptions, writeParquet } from "../../harness/parquet_writer.ts";
import { cutAt } from "./recording.ts";

interface Found {
  names: string[];
  rows: unknown[][];
  faults: RecordFault[];
}

async function read(
  bytes: Uint8Array,
  options: ParquetOptions = {},
  cuts: number[] = [],
): Promise<Found> {
  const found: Found = { names: [], rows: [], faults: [] };
  const { columns, ...format } = options;
  const reader = parquetReader(format, {
    ...(columns && { wants: () => columns }),
    header: (names) => found.names = [...names],
    fields: (fields) => void found.rows.push(fields),
    value: () => assert.fail("Parquet has columns"),
    fault: (fault) => void found.faults.push(fault),
    skip: () => assert.fail("nothing is skipped"),
  }, { maxWholeBytes: 2 ** 26 });
  for (const piece of cutAt(bytes, cuts)) await reader.push(piece);
  await reader.end();
  return found;
}

async function failureOf(reading: Promise<Found>): Promise<Failure> {
  try {
    await reading;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** What a column with these stored values gives. */
async function column(
  field: Omit<Field, "name">,
  stored: unknown[],
  options: WriteOptions = {},
): Promise<unknown[]> {
  const records = stored.map((c) => ({ c }));
  const { rows, faults } = await read(writeParquet([{ name: "c", ...field }], records, options));
  assert.deepEqual(faults, []);
  return rows.map(([value]) => value);
}

const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));
const unit = (id: 1 | 2 | 3): NonNullable<Field["logical"]>[1] => [
  [1, "bool", false],
  [2, "struct", [[id, "struct", []]]],
];
const integer = (bits: number, isSigned: boolean): NonNullable<Field["logical"]> => [10, [
  [1, "i8", bits],
  [2, "bool", isSigned],
]];
const decimal = (scale: number, precision: number): NonNullable<Field["logical"]> => [5, [
  [1, "i32", scale],
  [2, "i32", precision],
]];

/** Fields, their stored values, and what `row` receives. */
const TYPES: [title: string, field: Omit<Field, "name">, stored: unknown[], values: unknown[]][] = [
  ["booleans", { type: "BOOLEAN" }, [true, null, false], [true, null, false]],
  ["32-bit integers", { type: "INT32" }, [-5, null, 2 ** 31 - 1], [-5, null, 2147483647]],
  ["64-bit integers", { type: "INT64" }, [2n ** 53n, -(2n ** 63n), 7], [
    2n ** 53n,
    -(2n ** 63n),
    7,
  ]],
  ["unsigned integers (8 bits)", { type: "INT32", converted: 11 }, [200], [200]],
  ["unsigned integers (32 bits)", { type: "INT32", logical: integer(32, false) }, [-1, 1], [
    4294967295,
    1,
  ]],
  ["unsigned integers (32 bits, old)", { type: "INT32", converted: 13 }, [-2], [4294967294]],
  ["unsigned integers (64 bits)", { type: "INT64", logical: integer(64, false) }, [-1, 3], [
    2n ** 64n - 1n,
    3,
  ]],
  ["unsigned integers (64 bits, old)", { type: "INT64", converted: 14 }, [-1], [2n ** 64n - 1n]],
  ["signed integers (16 bits)", { type: "INT32", logical: integer(16, true) }, [-3], [-3]],
  ["floats", { type: "FLOAT" }, [1.5, -0.25], [1.5, -0.25]],
  ["doubles", { type: "DOUBLE" }, [0.1, Infinity, NaN], [0.1, Infinity, NaN]],
  ["half floats", { type: "FIXED", typeLength: 2, logical: [15] }, [
    hex("003c"),
    hex("00c0"),
    hex("0100"),
    hex("007c"),
  ], [1, -2, 2 ** -24, Infinity]],
  ["text", { type: "BYTE_ARRAY", logical: [1] }, ["Grüße", "", null], ["Grüße", "", null]],
  ["text (old)", { type: "BYTE_ARRAY", converted: 0 }, ["\uFEFFx"], ["\uFEFFx"]],
  ["enums", { type: "BYTE_ARRAY", converted: 4 }, ["RED"], ["RED"]],
  ["JSON, as its text", { type: "BYTE_ARRAY", logical: [12] }, ['{"n":1.10}'], ['{"n":1.10}']],
  ["BSON, as its bytes", { type: "BYTE_ARRAY", converted: 20 }, [hex("0500000000")], [
    hex("0500000000"),
  ]],
  ["bytes", { type: "BYTE_ARRAY" }, [hex("00ff"), null], [hex("00ff"), null]],
  ["bytes of one length", { type: "FIXED", typeLength: 3 }, [hex("010203")], [hex("010203")]],
  ["UUIDs", { type: "FIXED", typeLength: 16, logical: [14] }, [
    hex("00112233445566778899aabbccddeeff"),
  ], ["00112233-4455-6677-8899-aabbccddeeff"]],
  ["intervals", { type: "FIXED", typeLength: 12, converted: 21 }, [
    hex("0e000000 02000000 bc0b0000"),
    hex("00000000 00000000 00000000"),
    hex("00000000 03000000 00000000"),
  ], ["P14M2DT3.004S", "PT0S", "P3D"]],
  ["decimals (32 bits)", { type: "INT32", logical: decimal(2, 9) }, [-5, 12345], [
    "-0.05",
    "123.45",
  ]],
  ["decimals (64 bits, old)", { type: "INT64", converted: 5, scale: 4 }, [1234567890123456789n], [
    "123456789012345.6789",
  ]],
  ["decimals (bytes)", { type: "BYTE_ARRAY", logical: decimal(6, 40) }, [
    hex("ab54a98ceb1f0ad2"),
    hex("00"),
  ], ["-6101065172474.983726", "0.000000"]],
  ["decimals (bytes of one length)", { type: "FIXED", typeLength: 9, logical: decimal(1, 20) }, [
    hex("00ffffffffffffffff"),
  ], ["1844674407370955161.5"]],
  ["dates", { type: "INT32", logical: [6] }, [0, -719162, 2932896], [
    new Date(0),
    new Date("0001-01-01T00:00:00.000Z"),
    new Date("9999-12-31T00:00:00.000Z"),
  ]],
  ["times (ms)", { type: "INT32", logical: [7, unit(1)] }, [0, 86399999], [
    "00:00:00.000",
    "23:59:59.999",
  ]],
  ["times (ms, old)", { type: "INT32", converted: 7 }, [3723004], ["01:02:03.004"]],
  ["times (µs)", { type: "INT64", logical: [7, unit(2)] }, [86399999999n], ["23:59:59.999999"]],
  ["times (µs, old)", { type: "INT64", converted: 8 }, [1n], ["00:00:00.000001"]],
  ["times (ns)", { type: "INT64", logical: [7, unit(3)] }, [86399999999999n], [
    "23:59:59.999999999",
  ]],
  ["timestamps (ms)", { type: "INT64", logical: [8, unit(1)] }, [-1, 1546300800123n], [
    new Date(-1),
    new Date("2019-01-01T00:00:00.123Z"),
  ]],
  ["timestamps (µs), cut to milliseconds", { type: "INT64", logical: [8, unit(2)] }, [
    1546300800123999n,
    -1,
  ], [new Date("2019-01-01T00:00:00.123Z"), new Date(-1)]],
  ["timestamps (ns), cut to milliseconds", { type: "INT64", logical: [8, unit(3)] }, [
    1546300800123999999n,
    -1,
    -1_000_001n,
  ], [new Date("2019-01-01T00:00:00.123Z"), new Date(-1), new Date(-2)]],
  ["timestamps (INT96)", { type: "INT96" }, [
    // 1 ns after midnight of day 2440588, and 12:00 of the day before.
    hex("01000000 00000000 8c3d2500"),
    hex("0080a748 4a270000 8b3d2500"),
  ], [new Date(0), new Date(-43_200_000)]],
];

for (const [title, field, stored, values] of TYPES) {
  Deno.test(`parquet: ${title}`, async () => {
    assert.deepEqual(await column(field, stored), values);
    const options: WriteOptions = { version: 2, dictionary: true, gzip: true, pageValues: 1 };
    if (field.type !== "BOOLEAN") assert.deepEqual(await column(field, stored, options), values);
  });
}

Deno.test("parquet: values keep their digits and types in lists, maps and structs", async () => {
  const item = (field: Omit<Field, "name">): Field[] => [
    { name: "list", repetition: "repeated", children: [{ name: "element", ...field }] },
  ];
  const fields: Field[] = [
    { name: "prices", converted: 3, children: item({ type: "INT64", logical: decimal(3, 18) }) },
    { name: "times", logical: [3], children: item({ type: "INT64", logical: [7, unit(3)] }) },
    {
      name: "place",
      children: [
        { name: "at", type: "INT64", logical: [8, unit(2)] },
        { name: "tax", type: "FIXED", typeLength: 16, logical: decimal(10, 38) },
      ],
    },
    {
      name: "rates",
      logical: [2],
      children: [{
        name: "key_value",
        repetition: "repeated",
        children: [
          { name: "key", repetition: "required", type: "INT32", logical: [6] },
          { name: "value", type: "INT32", logical: decimal(2, 9) },
        ],
      }],
    },
  ];
  const list = (...items: unknown[]) => ({ list: items.map((element) => ({ element })) });
  const record = {
    prices: list(12345678901234567n, null),
    times: list(1n),
    place: { at: 1546300800123999n, tax: hex("00000000000000ff ffffffffffffffff") },
    rates: { key_value: [{ key: 19_000, value: 110 }, { key: 0, value: null }] },
  };
  const empty = { prices: null, times: { list: [] }, place: null, rates: { key_value: [] } };
  const expected = [[
    ["12345678901234.567", null],
    ["00:00:00.000000001"],
    { at: new Date("2019-01-01T00:00:00.123Z"), tax: "472236648286.9645213695" },
    { "2022-01-08": "1.10", "1970-01-01": null },
  ], [null, [], null, {}]];
  for (const options of [{}, { version: 2, dictionary: true, pageValues: 1 }] as const) {
    const { rows, names } = await read(writeParquet(fields, [record, empty], options));
    assert.deepEqual(names, ["prices", "times", "place", "rates"]);
    assert.deepEqual(rows, expected);
  }
});

Deno.test("parquet: timestamps as text have all digits, and local ones have no zone", async () => {
  const utc: NonNullable<Field["logical"]>[1] = [
    [1, "bool", true],
    [2, "struct", [[3, "struct", []]]],
  ];
  const rows: [Omit<Field, "name">, unknown, string][] = [
    [{ type: "INT64", logical: [8, utc] }, -1n, "1969-12-31T23:59:59.999999999Z"],
    [{ type: "INT64", logical: [8, unit(3)] }, 1n, "1970-01-01T00:00:00.000000001"],
    [{ type: "INT64", logical: [8, unit(2)] }, 1n, "1970-01-01T00:00:00.000001"],
    [{ type: "INT64", logical: [8, unit(1)] }, 1n, "1970-01-01T00:00:00.001"],
    [{ type: "INT64", converted: 10 }, 1546300800123999n, "2019-01-01T00:00:00.123999Z"],
    [{ type: "INT64", converted: 9 }, 1n, "1970-01-01T00:00:00.001Z"],
    [{ type: "INT96" }, hex("01000000 00000000 8c3d2500"), "1970-01-01T00:00:00.000000001"],
  ];
  for (const [field, stored, text] of rows) {
    const bytes = writeParquet([{ name: "c", ...field }], [{ c: stored }]);
    assert.deepEqual((await read(bytes, { timestamps: "text" })).rows, [[text]]);
  }
});

Deno.test("parquet: lists and maps of old writers", async () => {
  const fields: Field[] = [
    { name: "bare", repetition: "repeated", type: "INT32" },
    {
      name: "short",
      converted: 3,
      children: [
        { name: "item", repetition: "repeated", type: "INT32" },
      ],
    },
    {
      name: "array",
      converted: 3,
      children: [{
        name: "array",
        repetition: "repeated",
        children: [{ name: "n", type: "INT32" }],
      }],
    },
    {
      name: "map",
      converted: 2,
      children: [{
        name: "map",
        repetition: "repeated",
        children: [
          { name: "k", repetition: "required", type: "BYTE_ARRAY", converted: 0 },
          { name: "v", type: "INT32" },
        ],
      }],
    },
  ];
  const records = [{
    bare: [1, 2],
    short: { item: [3] },
    array: { array: [{ n: 4 }, { n: null }] },
    map: { map: [{ k: "__proto__", v: 5 }, { k: "b", v: 6 }, { k: "b", v: 7 }] },
  }];
  const { rows } = await read(writeParquet(fields, records));
  const map = Object.fromEntries([["__proto__", 5], ["b", 7]]);
  assert.deepEqual(rows, [[[1, 2], [3], [{ n: 4 }, { n: null }], map]]);
});

Deno.test("parquet: a value that its type does not allow rejects its record, and only that", async () => {
  const cases: [Omit<Field, "name">, unknown[], RegExp][] = [
    [{ type: "INT32", logical: [6] }, [0, 2932897, 1], /^has a date outside years 1 to 9999/],
    [{ type: "INT32", converted: 7 }, [0, 86_400_000, 1], /^has a time that is not within a day/],
    [{ type: "INT32", converted: 7 }, [0, -1, 1], /^has a time that is not within a day/],
    [{ type: "INT64", converted: 9 }, [0, 253402300800000n, 1], /^has a timestamp outside years/],
    [{ type: "INT64", logical: [8, unit(2)] }, [0, -62135596800000001n, 1], /outside years/],
    [
      { type: "BYTE_ARRAY", logical: [1] },
      [hex("61"), hex("ff"), hex("62")],
      /^has text that is not valid UTF-8/,
    ],
  ];
  for (const [field, stored, reason] of cases) {
    for (const dictionary of [false, true]) {
      const fields: Field[] = [{ name: "n", type: "INT32" }, { name: "c", ...field }];
      const records = stored.map((c, n) => ({ n, c }));
      const { rows, faults } = await read(writeParquet(fields, records, { dictionary }));
      assert.deepEqual(rows.map(([n]) => n), [0, 2]);
      assert.deepEqual(faults.map(({ line, column }) => [line, column]), [[2, 2]]);
      assert.match(faults[0]!.reason, reason);
    }
  }
});

Deno.test("parquet: a page with a wrong checksum fails the file, whichever page it is", async () => {
  const fields: Field[] = [{ name: "id", type: "INT32" }, { name: "name", type: "BYTE_ARRAY" }];
  const records = Array.from({ length: 20 }, (_, id) => ({ id, name: `n${id % 3}` }));
  for (const version of [1, 2] as const) {
    const options: WriteOptions = { version, dictionary: true, gzip: true, pageValues: 5 };
    assert.equal((await read(writeParquet(fields, records, options))).rows.length, 20);
    for (let page = 0; page < 10; page++) {
      const bytes = writeParquet(fields, records, { ...options, wrongChecksum: page });
      const failure = await failureOf(read(bytes));
      assert.equal(failure.code, "parquet-checksum");
      const name = page < 5 ? "id" : "name";
      assert.match(failure.message, new RegExp(`a page of column "${name}" was damaged`));
    }
    const plain = writeParquet(fields, records, { ...options, wrongChecksum: null });
    assert.equal((await read(plain)).rows.length, 20);
  }
});

Deno.test("parquet: columns that are not needed are not decoded", async () => {
  const fields: Field[] = [{ name: "a", type: "INT32" }, { name: "b", type: "INT32" }];
  const bytes = writeParquet(fields, [{ a: 1, b: 2 }], { wrongChecksum: 0 });
  const { names, rows } = await read(bytes, { columns: ["b"] });
  assert.deepEqual([names, rows], [["b"], [[2]]]);
});

Deno.test("parquet: files that are not supported or damaged fail with the reason", async () => {
  const one: Field[] = [{ name: "a", type: "INT32" }];
  const good = writeParquet(one, [{ a: 1 }]);
  const failed = async (bytes: Uint8Array) => (await failureOf(read(bytes))).code;
  const locked = good.slice();
  locked.set(new TextEncoder().encode("PARE"), locked.length - 4);
  assert.equal(await failed(locked), "parquet-encrypted");
  assert.equal(await failed(good.slice(0, -1)), "parquet-corrupt");
  assert.equal(await failed(new Uint8Array(0)), "parquet-corrupt");
  const variant: Field[] = [{
    name: "v",
    logical: [16],
    children: [{ name: "metadata", type: "BYTE_ARRAY" }, { name: "value", type: "BYTE_ARRAY" }],
  }];
  assert.equal(await failed(writeParquet(variant, [])), "parquet-column");
  assert.equal(await failed(writeParquet([...one, ...one], [])), "parquet-corrupt");
});

const LEAVES: { field: Omit<Field, "name">; value: fc.Arbitrary<unknown> }[] = [
  { field: { type: "INT32" }, value: fc.integer() },
  { field: { type: "BYTE_ARRAY", logical: [1] }, value: fc.string({ unit: "binary" }) },
  { field: { type: "DOUBLE" }, value: fc.double({ noNaN: true, noDefaultInfinity: true }) },
];

/** A random field, its values as they are written, and as they are read. */
type Shape = {
  field: Omit<Field, "name">;
  value: fc.Arbitrary<{ stored: unknown; read: unknown }>;
};

function shapes(depth: number): fc.Arbitrary<Shape> {
  const leaf = fc.constantFrom(...LEAVES).map(({ field, value }): Shape => {
    return { field, value: value.map((one) => ({ stored: one, read: one })) };
  });
  if (depth === 0) return leaf;
  const inner = optionalShapes(depth - 1);
  const list = inner.map(({ field, value }): Shape => ({
    field: {
      logical: [3],
      children: [
        { name: "list", repetition: "repeated", children: [{ name: "element", ...field }] },
      ],
    },
    value: fc.array(value, { maxLength: 3 }).map((items) => ({
      stored: { list: items.map(({ stored }) => ({ element: stored })) },
      read: items.map(({ read }) => read),
    })),
  }));
  const struct = fc.tuple(inner, inner).map(([a, b]): Shape => ({
    field: { children: [{ name: "a", ...a.field }, { name: "b", ...b.field }] },
    value: fc.tuple(a.value, b.value).map(([a, b]) => ({
      stored: { a: a.stored, b: b.stored },
      read: { a: a.read, b: b.read },
    })),
  }));
  return fc.oneof(leaf, list, struct);
}

function optionalShapes(depth: number): fc.Arbitrary<Shape> {
  return fc.tuple(shapes(depth), fc.boolean()).map(([{ field, value }, isRequired]): Shape => {
    if (isRequired) return { field: { ...field, repetition: "required" }, value };
    return { field, value: fc.option(value).map((one) => one ?? { stored: null, read: null }) };
  });
}

Deno.test("parquet property: nested records are read as written, however pages and pieces are split", async () => {
  const files = optionalShapes(3).chain(({ field, value }) =>
    fc.tuple(fc.constant(field), fc.array(value, { maxLength: 8 }))
  );
  const options = fc.record({
    pageValues: fc.integer({ min: 1, max: 9 }),
    groupRows: fc.integer({ min: 1, max: 9 }),
    version: fc.constantFrom(1, 2) as fc.Arbitrary<1 | 2>,
    dictionary: fc.boolean(),
    gzip: fc.boolean(),
  });
  const cuts = fc.array(fc.nat(), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(files, options, cuts, async ([field, values], options, cuts) => {
      const records = values.map(({ stored }) => ({ c: stored }));
      const bytes = writeParquet([{ name: "c", ...field }], records, options);
      const { rows, faults } = await read(bytes, {}, cuts);
      assert.deepEqual(rows, values.map(({ read }) => [read]));
      assert.deepEqual(faults, []);
    }),
    { numRuns: 500 },
  );
});

Deno.test("parquet property: a damaged file fails or gives records, and never anything else", async () => {
  const fields: Field[] = [
    { name: "a", type: "INT32" },
    { name: "b", type: "BYTE_ARRAY", logical: [1] },
    {
      name: "c",
      logical: [3],
      children: [
        { name: "list", repetition: "repeated", children: [{ name: "element", type: "INT64" }] },
      ],
    },
  ];
  const records = Array.from({ length: 9 }, (_, a) => {
    return { a, b: `b${a % 2}`, c: { list: [{ element: a }] } };
  });
  const good = writeParquet(fields, records, { wrongChecksum: null, dictionary: true });
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }), async (at, byte) => {
      const bytes = good.slice();
      bytes[at] = byte;
      try {
        await read(bytes);
      } catch (error) {
        assert.ok(error instanceof Failure, String(error));
      }
    }),
    { numRuns: 1_000 },
  );
});
