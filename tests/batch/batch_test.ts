import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeBatch, encodeBatch, MAX_BATCH_ROWS } from "../../src/batch/batch.ts";
import { BadBatch } from "../../src/batch/batch_bytes.ts";
import {
  type Cell,
  type ColumnType,
  physicalOf,
  SCALAR_TYPES,
  type TableSpec,
  type Value,
} from "../../src/batch/column.ts";

const INTEGERS: Partial<Record<ColumnType, [min: number, max: number]>> = {
  boolean: [0, 1],
  tinyint: [-128, 127],
  smallint: [-32768, 32767],
  int: [-2147483648, 2147483647],
};

/** Key columns always have a value that is not null. */
function valueOf(type: ColumnType): fc.Arbitrary<Value> {
  const range = INTEGERS[type];
  if (range) return fc.integer({ min: range[0], max: range[1] });
  if (type === "bigint") {
    return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
  }
  if (physicalOf(type) === "number") return fc.double();
  if (physicalOf(type) === "bytes") return fc.uint8Array({ maxLength: 20 });
  return fc.string({ unit: "binary", maxLength: 20 });
}

const tableAndColumns = fc.array(fc.constantFrom(...SCALAR_TYPES), { minLength: 1, maxLength: 6 })
  .chain((types) => {
    const spec: TableSpec = {
      name: "t",
      columns: [
        { name: "k", type: "text" as const },
        ...types.map((type, i) => ({ name: `c${i}`, type })),
      ],
      partitionKey: ["k"],
      clusteringKey: [],
    };
    return fc.integer({ min: 0, max: 40 }).chain((rows) =>
      fc.tuple(
        ...spec.columns.map(({ name, type }) =>
          fc.array(name === "k" ? valueOf(type) : fc.option(valueOf(type)), {
            minLength: rows,
            maxLength: rows,
          })
        ),
      ).map((columns) => ({ spec, columns, rows }))
    );
  });

const other: TableSpec = {
  name: "other",
  columns: [{ name: "a", type: "int" }],
  partitionKey: ["a"],
  clusteringKey: [],
};

function textTable(type: ColumnType = "text"): TableSpec {
  return { ...other, name: "one", columns: [{ name: "v", type }], partitionKey: [] };
}

Deno.test("batch: decoding returns the encoded values, for all types", () => {
  fc.assert(fc.property(tableAndColumns, ({ spec, columns, rows }) => {
    const decoded = decodeBatch(encodeBatch(1, spec, columns, rows), [other, spec]);
    assert.equal(decoded.table, spec);
    assert.equal(decoded.rows, rows);
    assert.deepEqual(
      decoded.columns.map((column) => column.map(plain)),
      columns.map((c) => c.map(plain)),
    );
  }));
});

function plain(value: Cell): unknown {
  return value instanceof Uint8Array ? Array.from(value) : value;
}

Deno.test("batch: text with lone surrogates does not change its length or its neighbours", () => {
  fc.assert(fc.property(
    fc.array(
      fc.option(fc.string({ unit: fc.constantFrom("\ud83d", "\ude00", "a", "é", "\0", "\ufeff") })),
    ),
    (values) => {
      const { columns } = decodeBatch(encodeBatch(0, textTable(), [values], values.length), [
        textTable(),
      ]);
      assert.deepEqual(columns[0], values.map((value) => value?.toWellFormed() ?? null));
    },
  ));
});

Deno.test("batch: damaged bytes are refused or decode to another valid batch", () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(tableAndColumns, damage, fc.nat(), ({ spec, columns, rows }, bytes, cut) => {
      const whole = encodeBatch(0, spec, columns, rows);
      const damaged = cut % 3 === 0 ? whole.slice(0, cut % (whole.length + 1)) : whole.slice();
      for (const [at, value] of bytes) if (damaged.length > 0) damaged[at % damaged.length] = value;
      try {
        const decoded = decodeBatch(damaged, [spec]);
        // A batch that was accepted follows every rule, so it can be encoded again.
        const again = decodeBatch(
          encodeBatch(0, spec, decoded.columns, decoded.rows),
          [spec],
        );
        assert.deepEqual(again.columns, decoded.columns);
      } catch (error) {
        assert.ok(error instanceof BadBatch, String(error));
        assert.equal(error.code, "bad-batch");
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("batch: random bytes are refused", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    assert.throws(() => decodeBatch(bytes, [textTable(), other]), BadBatch);
  }));
});

Deno.test("batch: a frame at any offset of a buffer is decoded", () => {
  const batch = encodeBatch(0, textTable("double"), [[1.5, null, -0]], 3);
  for (let shift = 0; shift < 9; shift++) {
    const frame = new Uint8Array(batch.length + shift);
    frame.set(batch, shift);
    const { columns } = decodeBatch(frame.subarray(shift), [textTable("double")]);
    assert.deepEqual(columns, [[1.5, null, -0]]);
  }
});

Deno.test("batch: numbers beyond their column's type are refused", () => {
  const hostile: [ColumnType, number][] = [
    ["boolean", 2],
    ["boolean", 0.5],
    ["tinyint", 128],
    ["smallint", -32769],
    ["int", 2147483648],
    ["int", NaN],
    ["int", Infinity],
  ];
  for (const [type, value] of hostile) {
    const batch = encodeBatch(0, textTable("double"), [[value]], 1);
    assert.throws(() => decodeBatch(batch, [textTable(type)]), BadBatch, `${type} ${value}`);
  }
});

Deno.test("batch: a bigint must be a canonical 64-bit integer", () => {
  const decode = (value: string) =>
    decodeBatch(encodeBatch(0, textTable(), [[value]], 1), [textTable("bigint")]);
  for (const value of ["0", "9223372036854775807", "-9223372036854775808", "-1"]) {
    assert.deepEqual(decode(value).columns, [[value]]);
  }
  const hostile = [
    "",
    "-0",
    "01",
    "1.0",
    "9223372036854775808",
    "-9223372036854775809",
    " 1",
    "1e3",
  ];
  for (const value of hostile) assert.throws(() => decode(value), BadBatch, value);
});

Deno.test("batch: a null or a NaN in a key is refused", () => {
  const keyed = (type: ColumnType): TableSpec => ({ ...textTable(type), partitionKey: ["v"] });
  const cases: [ColumnType, Value][] = [["text", null], ["int", null], ["blob", null], [
    "double",
    NaN,
  ]];
  for (const [type, value] of cases) {
    const batch = encodeBatch(0, keyed(type), [[value]], 1);
    assert.doesNotThrow(() => decodeBatch(batch, [textTable(type)]));
    assert.throws(() => decodeBatch(batch, [keyed(type)]), BadBatch, type);
  }
});

Deno.test("batch: columns and rows that do not match are refused before anything is encoded", () => {
  assert.throws(() => encodeBatch(0, other, [], 0), BadBatch);
  assert.throws(() => encodeBatch(0, other, [[1, 2]], 1), BadBatch);
  const many = MAX_BATCH_ROWS + 1;
  assert.throws(() => encodeBatch(0, other, [new Array(many).fill(1)], many), BadBatch);
});

Deno.test("batch: a value larger than all buffers is encoded and decoded", () => {
  const huge = "é".repeat(6 << 20);
  const batch = encodeBatch(0, textTable(), [["a", huge, null]], 3);
  const [column] = decodeBatch(batch, [textTable()]).columns;
  assert.equal(column?.[0], "a");
  assert.ok(column?.[1] === huge);
  assert.equal(column?.[2], null);
});
