import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import cassandra from "cassandra-driver";
import fc from "fast-check";
import { encodeBatch } from "../../../src/batch/batch.ts";
import { BadBatch } from "../../../src/batch/batch_bytes.ts";
import {
  SCALAR_TYPES,
  type ScalarType,
  type TableSpec,
  type Value,
} from "../../../src/batch/column.ts";
import { viewBatch } from "../../../src/batch/view_batch.ts";
import { converterOf } from "../../../src/batch/convert.ts";
import { RowEncoder, UNSET_LENGTH } from "../../../src/storage/cassandra/write/row_encoder.ts";

const { types } = cassandra;
// The driver exports it, but its types do not contain it.
const { Encoder } = cassandra as unknown as {
  Encoder: new (protocolVersion: number, options: object) => {
    decode(bytes: Buffer, type: { code: number }): unknown;
  };
};
const driver = new Encoder(4, { encoding: {} });
const RUNS = { numRuns: 300 };
/** A point without digits, or trailing zeros after one. */
const ZEROS = /\.0*$|(?<=\.\d*[1-9])0+$/;

const digits = (max: number) => fc.stringMatching(new RegExp(`^-?[0-9]{1,${max}}$`));
const date = fc.date({
  min: new Date("0001-01-01"),
  max: new Date("9999-12-31T23:59:59.999Z"),
  noInvalidDate: true,
});

/** The values that a module can return for each type, and how to show those that the driver reads. */
const CASES: Record<ScalarType, [given: fc.Arbitrary<unknown>, shown: (read: unknown) => Value]> = {
  ascii: [fc.string({ unit: "binary-ascii" }), String],
  bigint: [fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.integer()), String],
  blob: [fc.uint8Array(), (read) => new Uint8Array(read as Uint8Array)],
  boolean: [fc.boolean(), (read) => read ? 1 : 0],
  date: [date, String],
  decimal: [
    fc.oneof(
      fc.tuple(digits(30), fc.option(digits(20).map((d) => d.replace("-", "")), { nil: "" }))
        .map(([whole, fraction]) => `${whole}.${fraction}`),
      fc.tuple(digits(20), fc.integer({ min: -20, max: 20 })).map(([d, e]) => `${d}e${e}`),
    ),
    (read) => plain(String(read)),
  ],
  double: [fc.double({ noNaN: true, noDefaultInfinity: true }), Number],
  duration: [
    fc.tuple(fc.nat(9999), fc.nat(11), fc.nat(999), fc.nat(23), fc.nat(59), fc.boolean()).map((
      [y, mo, d, h, m, isIso],
    ) => isIso ? `P${y}Y${mo}M${d}DT${h}H${m}M1.5S` : `-${y}y${mo}mo${d}d${h}h${m}m7ms9us3ns`),
    bytesOf,
  ],
  float: [fc.float({ noNaN: true, noDefaultInfinity: true }), Number],
  inet: [fc.oneof(fc.ipV4(), fc.ipV6()), (read) => address(groupsOf(read))],
  int: [fc.integer(), Number],
  smallint: [fc.integer({ min: -32768, max: 32767 }), Number],
  text: [fc.string({ unit: "grapheme" }), String],
  time: [
    fc.tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.stringMatching(/^[0-9]{1,9}$/)).map((
      [h, m, s, f],
    ) => `${[h, m, s].map((n) => String(n).padStart(2, "0")).join(":")}.${f}`),
    plainTime,
  ],
  timestamp: [date, (read) => (read as Date).toISOString()],
  timeuuid: [fc.uuid({ version: 1 }), String],
  tinyint: [fc.integer({ min: -128, max: 127 }), Number],
  uuid: [fc.uuid(), String],
  varint: [fc.oneof(fc.bigInt(), fc.integer(), fc.bigInt(-(2n ** 200n), 2n ** 200n)), String],
};

function specOf(type: ScalarType): TableSpec {
  const columns = [{ name: "k", type: "int" as const }, { name: "v", type }];
  return { name: "t", columns, partitionKey: ["k"], clusteringKey: [] };
}

/** The CQL values of one column. */
function encoded(type: ScalarType, values: Value[]): (Buffer | null)[] {
  const spec = specOf(type);
  const batch = encodeBatch(0, spec, [values.map((_, i) => i), values], values.length);
  const encoder = new RowEncoder(spec);
  encoder.add(viewBatch(batch, [spec]));
  const { bytes, starts, keyEnds } = encoder.take();
  return values.map((_, r) => {
    const value = Buffer.from(bytes.slice(keyEnds[r], starts[r + 1]));
    const length = value.readInt32BE(0);
    assert.equal(value.length, 4 + Math.max(0, length));
    return length === UNSET_LENGTH ? null : value.subarray(4);
  });
}

/** Normalises the notation of a number. */
function plain(text: Value): string {
  const [, sign, whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(String(text)) ?? [];
  const shift = Number(exponent);
  const all = whole + fraction;
  const point = whole.length + shift;
  const left = all.slice(0, Math.max(0, point)).padEnd(point, "0").replace(/^0+/, "");
  const right = "0".repeat(Math.max(0, -point)) + all.slice(Math.max(0, point));
  const number = `${left || "0"}.${right}`.replace(ZEROS, "");
  return number === "0" ? "0" : `${sign}${number}`;
}

function plainTime(read: unknown): string {
  return String(read).replace(ZEROS, "");
}

function address(read: unknown): string {
  const text = String(read);
  return text.includes(":") ? new URL(`http://[${text}]`).hostname : text;
}

/** The bytes of an address as text. */
function groupsOf(read: unknown): string {
  const bytes = (read as { getBuffer(): Buffer }).getBuffer();
  if (bytes.length === 4) return bytes.join(".");
  return bytes.toString("hex").replaceAll(/(.{4})(?!$)/g, "$1:");
}

/** The driver cannot show a negative duration as text. */
function bytesOf(read: unknown): string {
  return (read as { toBuffer(): Buffer }).toBuffer().toString("hex");
}

/** The driver cannot parse fractions in ISO 8601 durations. */
function cqlDuration(text: string): string {
  const found = /^P(\d+)Y(\d+)M(\d+)DT(\d+)H(\d+)M1\.5S$/.exec(text);
  if (found === null) return text;
  const [, years, months, days, hours, minutes] = found;
  return `${years}y${months}mo${days}d${hours}h${minutes}m1500ms`;
}

function normal(type: ScalarType, value: Value): Value {
  switch (type) {
    case "decimal":
      return plain(value);
    case "time":
      return plainTime(value);
    case "duration":
      return bytesOf(types.Duration.fromString(cqlDuration(String(value))));
    case "inet":
      return address(value);
    default:
      return value;
  }
}

for (const type of SCALAR_TYPES) {
  Deno.test(`cql cells: the driver reads every ${type} that a module can return`, () => {
    const [given, shown] = CASES[type];
    const convert = converterOf(type);
    const code = { code: types.dataTypes[type === "text" ? "varchar" : type] };
    fc.assert(
      fc.property(fc.array(fc.option(given), { minLength: 1, maxLength: 10 }), (list) => {
        const values = list.map((value) => convert(value));
        const read = encoded(type, values).map((value) => {
          if (value === null || value.length === 0) return value && shown(value);
          return shown(driver.decode(value, code));
        });
        assert.deepEqual(
          read,
          values.map((value) => value === null ? null : normal(type, value)),
        );
      }),
      RUNS,
    );
  });
}

Deno.test("cql cells: text of another type fails the batch with the name of its column", () => {
  const wrong: [ScalarType, string[]][] = [
    ["date", ["", "2019-02-29", "2019-13-01", "2019-1-1", "2019-10-31x", "20191031aa"]],
    ["time", ["", "24:00:00", "12:60:00", "12:00", "12:00:00.", "12:00:00.1234567890"]],
    ["timestamp", ["", "2019-10-31", "2019-10-31T25:00:00.000Z", "2019-02-30T00:00:00.000Z"]],
    ["uuid", ["", "x".repeat(36), "cd613e30-d8f1-4adf-91b7-584a2265b1f", "é".repeat(36)]],
    ["timeuuid", ["cd613e30-d8f1-4adf-91b7-584a2265b1f5"]],
    ["bigint", ["", "-", "1.5", "9223372036854775808", "-9223372036854775809", "0x10"]],
    ["varint", ["", "-", "1e3", "12345678901234567890x"]],
    ["decimal", ["", ".", "e5", "1e99999999999", "1e-2147483649", "one"]],
    [
      "duration",
      ["", "P", "x", "1", "3000000000d", "99999999999999999999h"].filter((t) => t !== "P"),
    ],
    ["inet", ["", "1.2.3", "1.2.3.256", "1::2::3", "12345::", "1:2:3:4:5:6:7", "::1.2.3"]],
    ["ascii", ["snö"]],
  ];
  for (const [type, texts] of wrong) {
    for (const text of texts) {
      assert.throws(
        () => encoded(type, [text]),
        (error) => error instanceof BadBatch && error.message.includes('column "v"'),
        `${type} "${text}"`,
      );
    }
  }
});

Deno.test("cql cells: keys that the server would refuse are refused with the name of their column", () => {
  const spec: TableSpec = {
    name: "t",
    columns: [{ name: "v", type: "int" }, { name: "k", type: "text" }, { name: "c", type: "text" }],
    partitionKey: ["k"],
    clusteringKey: ["c"],
  };
  const encode = (key: string, clustering: string) => {
    const encoder = new RowEncoder(spec);
    encoder.add(viewBatch(encodeBatch(0, spec, [[1], [key], [clustering]], 1), [spec]));
    return encoder.take();
  };
  assert.equal(encode("a", "").rows, 1);
  assert.throws(() => encode("", "a"), /column "k" of a batch: a partition key is empty/);
  assert.throws(() => encode("a".repeat(65_536), "a"), /a key has more than 65535 bytes/);
  assert.throws(() => encode("a", "a".repeat(65_536)), /a key has more than 65535 bytes/);
});
