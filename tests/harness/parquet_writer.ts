// Writes small Parquet files for tests, byte by byte, from the format's specification.
import { Buffer } from "node:buffer";
import { crc32, gzipSync } from "node:zlib";

/** A field of the schema: a leaf has a type, a group has children. */
export interface Field {
  name: string;
  repetition?: "required" | "optional" | "repeated";
  children?: Field[];
  type?: "BOOLEAN" | "INT32" | "INT64" | "INT96" | "FLOAT" | "DOUBLE" | "BYTE_ARRAY" | "FIXED";
  typeLength?: number;
  /** The number of the older converted type. */
  converted?: number;
  scale?: number;
  /** A member of the union LogicalType: its number and its fields. */
  logical?: [id: number, fields?: ThriftField[]];
}

export interface WriteOptions {
  /** Values on a page. @default all */
  pageValues?: number;
  version?: 1 | 2;
  dictionary?: boolean;
  gzip?: boolean;
  /** The page, counted over the file, whose checksum is wrong; null writes no checksums. */
  wrongChecksum?: number | null;
  /** Rows of a row group. @default all */
  groupRows?: number;
}

/** Stored values: numbers, bigints, bytes, text, booleans. */
type Stored = number | bigint | boolean | string | Uint8Array;
type Thrift = number | bigint | boolean | Uint8Array | string | ThriftField[] | ThriftList;
type ThriftField = [id: number, type: keyof typeof TYPES, value: Thrift];
interface ThriftList {
  of: keyof typeof TYPES;
  items: Thrift[];
}
interface Shredded {
  field: Field;
  path: string[];
  maxDefinition: number;
  maxRepetition: number;
  entries: { definition: number; repetition: number; value: Stored | null }[];
}

const TYPES = { bool: 1, i8: 3, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;
const PHYSICAL = ["BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED"];
const REPETITIONS = ["required", "optional", "repeated"];
const [PLAIN, RLE, RLE_DICTIONARY] = [0, 3, 8];
const MAGIC = Buffer.from("PAR1");

/** A Parquet file of these records. */
export function writeParquet(
  fields: Field[],
  records: Record<string, unknown>[],
  options: WriteOptions = {},
): Uint8Array<ArrayBuffer> {
  const file: Buffer[] = [MAGIC];
  const position = () => file.reduce((sum, part) => sum + part.length, 0);
  const { groupRows = Math.max(records.length, 1), wrongChecksum } = options;
  let pages = 0;
  const add = (header: ThriftField[], content: Buffer) => {
    const sum = crc32(content) ^ (pages++ === wrongChecksum ? 1 : 0);
    const withSum: ThriftField[] = wrongChecksum === null ? [] : [[4, "i32", sum | 0]];
    const all = [...header, ...withSum].sort(([a], [b]) => a - b);
    file.push(struct(all), content);
  };
  const groups: ThriftField[][] = [];
  for (let from = 0; from < records.length; from += groupRows) {
    const rows = records.slice(from, from + groupRows);
    const chunks = shred(fields, rows).map((leaf) => chunk(leaf, options, add, position));
    groups.push([
      [1, "list", { of: "struct", items: chunks }],
      [2, "i64", 0],
      [3, "i64", rows.length],
    ]);
  }
  const root: ThriftField[] = [[4, "binary", "schema"], [5, "i32", fields.length]];
  const metadata = struct([
    [1, "i32", 2],
    [2, "list", { of: "struct", items: [root, ...fields.flatMap(elements)] }],
    [3, "i64", records.length],
    [4, "list", { of: "struct", items: groups }],
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(metadata.length);
  return new Uint8Array(Buffer.concat([...file, metadata, length, MAGIC]));
}

function chunk(
  { field, path, entries, maxDefinition, maxRepetition }: Shredded,
  { pageValues = Infinity, version = 1, dictionary = false, gzip = false }: WriteOptions,
  add: (header: ThriftField[], content: Buffer) => void,
  position: () => number,
): ThriftField[] {
  const start = position();
  const pack = (bytes: Buffer) => gzip ? gzipSync(bytes) : bytes;
  // Not a Set, for which 0 and -0 are the same.
  const distinct: Stored[] = [];
  for (const { value } of entries) {
    if (value === null || distinct.some((other) => Object.is(value, other))) continue;
    distinct.push(value);
  }
  if (dictionary) {
    const content = plain(field, distinct);
    const packed = pack(content);
    add([
      [1, "i32", 2],
      [2, "i32", content.length],
      [3, "i32", packed.length],
      [7, "struct", [[1, "i32", distinct.length], [2, "i32", PLAIN]]],
    ], packed);
  }
  const dataStart = position();
  const encoding = dictionary ? RLE_DICTIONARY : PLAIN;
  for (let from = 0; from < entries.length || from === 0;) {
    let to = Math.min(entries.length, from + pageValues);
    // Pages of version 2 start with a row.
    while (version === 2 && to < entries.length && entries[to]!.repetition > 0) to++;
    const page = entries.slice(from, to);
    const values = page.flatMap(({ value }) => value === null ? [] : [value]);
    const stored = dictionary
      ? Buffer.concat([
        Buffer.from([32]),
        runs(values.map((one) => distinct.findIndex((other) => Object.is(one, other))), 4),
      ])
      : plain(field, values);
    const repetitions = levels(page.map(({ repetition }) => repetition), maxRepetition);
    const definitions = levels(page.map(({ definition }) => definition), maxDefinition);
    if (version === 1) {
      const content = Buffer.concat([
        prefixed(repetitions, maxRepetition),
        prefixed(definitions, maxDefinition),
        stored,
      ]);
      const packed = pack(content);
      add([
        [1, "i32", 0],
        [2, "i32", content.length],
        [3, "i32", packed.length],
        [5, "struct", [
          [1, "i32", page.length],
          [2, "i32", encoding],
          [3, "i32", RLE],
          [4, "i32", RLE],
        ]],
      ], packed);
    } else {
      const packed = Buffer.concat([repetitions, definitions, pack(stored)]);
      add([
        [1, "i32", 3],
        [2, "i32", repetitions.length + definitions.length + stored.length],
        [3, "i32", packed.length],
        [8, "struct", [
          [1, "i32", page.length],
          [2, "i32", page.length - values.length],
          [3, "i32", page.filter(({ repetition }) => repetition === 0).length],
          [4, "i32", encoding],
          [5, "i32", definitions.length],
          [6, "i32", repetitions.length],
        ]],
      ], packed);
    }
    from = Math.max(to, 1);
  }
  const size = position() - start;
  const withDictionary: ThriftField[] = dictionary ? [[11, "i64", start]] : [];
  return [
    [2, "i64", start],
    [3, "struct", [
      [1, "i32", PHYSICAL.indexOf(field.type!)],
      [2, "list", { of: "i32", items: [encoding, RLE] }],
      [3, "list", { of: "binary", items: path }],
      [4, "i32", gzip ? 2 : 0],
      [5, "i64", entries.length],
      [6, "i64", size],
      [7, "i64", size],
      [9, "i64", dataStart],
      ...withDictionary,
    ]],
  ];
}

/** Splits records into columns with levels, as the Dremel paper does. */
function shred(fields: Field[], records: Record<string, unknown>[]): Shredded[] {
  const columns: Shredded[] = [];
  const open = (field: Field, path: string[], definition: number, repetition: number) => {
    const here = [...path, field.name];
    const maxDefinition = definition + (field.repetition === "required" ? 0 : 1);
    const maxRepetition = repetition + (field.repetition === "repeated" ? 1 : 0);
    if (!field.children) {
      columns.push({ field, path: here, maxDefinition, maxRepetition, entries: [] });
    }
    field.children?.forEach((child) => open(child, here, maxDefinition, maxRepetition));
  };
  fields.forEach((field) => open(field, [], 0, 0));
  let at = 0;
  const put = (
    field: Field,
    value: unknown,
    definition: number,
    repetition: number,
    max: number,
  ) => {
    if (field.repetition === "repeated") {
      const items = value as unknown[];
      const start = at;
      if (items.length === 0) inside(field, undefined, definition, repetition, max + 1);
      items.forEach((item, index) => {
        at = start;
        inside(field, item, definition + 1, index === 0 ? repetition : max + 1, max + 1);
      });
    } else if (field.repetition === "required") {
      inside(field, value, definition, repetition, max);
    } else {
      const isThere = value !== null && value !== undefined;
      const deeper = definition + (isThere ? 1 : 0);
      inside(field, isThere ? value : undefined, deeper, repetition, max);
    }
  };
  const inside = (
    { children }: Field,
    value: unknown,
    definition: number,
    repetition: number,
    max: number,
  ) => {
    if (!children) {
      columns[at++]!.entries.push({ definition, repetition, value: value as Stored ?? null });
    }
    for (const child of children ?? []) {
      if (value === undefined) missing(child, definition, repetition);
      else put(child, (value as Record<string, unknown>)[child.name], definition, repetition, max);
    }
  };
  const missing = ({ children }: Field, definition: number, repetition: number) => {
    if (!children) columns[at++]!.entries.push({ definition, repetition, value: null });
    children?.forEach((child) => missing(child, definition, repetition));
  };
  for (const record of records) {
    at = 0;
    for (const field of fields) put(field, record[field.name], 0, 0, 0);
  }
  return columns;
}

function elements(field: Field): ThriftField[][] {
  const { name, repetition = "optional", children, type, typeLength, converted, logical } = field;
  const parts: (ThriftField | null)[] = [
    type ? [1, "i32", PHYSICAL.indexOf(type)] : null,
    typeLength ? [2, "i32", typeLength] : null,
    [3, "i32", REPETITIONS.indexOf(repetition)],
    [4, "binary", name],
    children ? [5, "i32", children.length] : null,
    converted === undefined ? null : [6, "i32", converted],
    field.scale === undefined ? null : [7, "i32", field.scale],
    logical ? [10, "struct", [[logical[0], "struct", logical[1] ?? []]]] : null,
  ];
  const own = parts.filter((part) => part !== null);
  return [own, ...(children ?? []).flatMap(elements)];
}

function plain({ type }: Field, values: Stored[]): Buffer {
  if (type === "BOOLEAN") {
    const bits = Buffer.alloc(Math.ceil(values.length / 8));
    values.forEach((value, i) => bits[i >> 3]! |= (value ? 1 : 0) << (i & 7));
    return bits;
  }
  return Buffer.concat(values.map((value) => {
    if (typeof value === "string") value = Buffer.from(value);
    const bytes = value instanceof Uint8Array ? Buffer.from(value) : Buffer.alloc(8);
    if (type === "BYTE_ARRAY") {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return Buffer.concat([length, bytes]);
    }
    if (value instanceof Uint8Array) return bytes;
    if (type === "INT32") bytes.writeInt32LE(Number(value) | 0);
    else if (type === "INT64") bytes.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)));
    else if (type === "FLOAT") bytes.writeFloatLE(Number(value));
    else bytes.writeDoubleLE(Number(value));
    return type === "INT32" || type === "FLOAT" ? bytes.subarray(0, 4) : bytes;
  }));
}

function levels(values: number[], max: number): Buffer {
  return max === 0 ? Buffer.alloc(0) : runs(values, 1);
}

function prefixed(encoded: Buffer, max: number): Buffer {
  if (max === 0) return encoded;
  const length = Buffer.alloc(4);
  length.writeUInt32LE(encoded.length);
  return Buffer.concat([length, encoded]);
}

/** Run-length encoding, with each value in `width` bytes. */
function runs(values: number[], width: number): Buffer {
  const parts: Buffer[] = [];
  for (let from = 0; from < values.length;) {
    let to = from + 1;
    while (to < values.length && values[to] === values[from]) to++;
    const value = Buffer.alloc(4);
    value.writeUInt32LE(values[from]!);
    parts.push(varint(BigInt(to - from) << 1n), value.subarray(0, width));
    from = to;
  }
  return Buffer.concat(parts);
}

function struct(fields: ThriftField[]): Buffer {
  const parts: Buffer[] = [];
  let last = 0;
  for (const [id, type, value] of fields) {
    const code = type === "bool" && value === false ? 2 : TYPES[type];
    const isNear = id - last < 16;
    parts.push(Buffer.from([(isNear ? id - last : 0) << 4 | code]));
    if (!isNear) parts.push(varint(BigInt(id) << 1n));
    if (type !== "bool") parts.push(thrift(type, value));
    last = id;
  }
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function thrift(type: keyof typeof TYPES, value: Thrift): Buffer {
  switch (type) {
    case "binary": {
      const bytes = Buffer.from(value as string);
      return Buffer.concat([varint(BigInt(bytes.length)), bytes]);
    }
    case "list": {
      const { of, items } = value as ThriftList;
      const head = Buffer.concat([Buffer.from([0xf0 | TYPES[of]]), varint(BigInt(items.length))]);
      return Buffer.concat([head, ...items.map((item) => thrift(of, item))]);
    }
    case "i8":
      return Buffer.from([value as number]);
    case "struct":
      return struct(value as ThriftField[]);
    default: {
      const number = BigInt(value as number);
      return varint(number >= 0n ? number << 1n : (-number << 1n) - 1n);
    }
  }
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (; value > 0x7fn; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(value)]);
}
