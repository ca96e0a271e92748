import avsc from "avsc";
import { Buffer } from "node:buffer";
import { messageOf } from "../../../base/failure.ts";
import { badSchema } from "./failures.ts";
import { bigIntOf, withPoint } from "../decimal.ts";
import {
  BadValue,
  dayOf,
  durationOf,
  timeOfDay,
  type TimestampKind,
  timestampReader,
  uuidOf,
} from "../logical_time.ts";

type Schema = Parameters<typeof avsc.Type.forSchema>[0];
type Read = (stored: never) => unknown;
/** What a logical type says beside the type that it is stored as. */
interface Attributes {
  type: string;
  logicalType?: string;
  /** The length of a `fixed`, in bytes. */
  size?: number;
  scale?: number;
}

/** How to read a logical type with these attributes; null if it does not fit the type below it. */
type Choose = (attributes: Attributes, as: TimestampKind["as"]) => Read | null;

/**
 * The types as which each logical type may be stored, and how it is read. As Avro says, a logical
 * type on another type, and one that is unknown, is ignored.
 */
const LOGICAL: Record<string, Choose> = {
  "date": stored("int", dayOf),
  "time-millis": stored("int", (ms: number) => timeOfDay(ms, 3)),
  "time-micros": stored("long", (us: bigint) => timeOfDay(us, 6)),
  "timestamp-millis": timestamp(1, false),
  "timestamp-micros": timestamp(1_000, false),
  "timestamp-nanos": timestamp(1_000_000, false),
  "local-timestamp-millis": timestamp(1, true),
  "local-timestamp-micros": timestamp(1_000, true),
  "local-timestamp-nanos": timestamp(1_000_000, true),
  "decimal": ({ type, scale = 0 }) => {
    const isValid = Number.isInteger(scale) && scale >= 0 && scale <= 1_000;
    if (!isValid || (type !== "bytes" && type !== "fixed")) return null;
    return (bytes: Uint8Array) => withPoint(bigIntOf(bytes), scale);
  },
  "big-decimal": stored("bytes", bigDecimal),
  "uuid": ({ type, size }) => {
    if (type === "string") return (text: string) => text;
    return type === "fixed" && size === 16 ? uuidOf : null;
  },
  "duration": ({ type, size }) => type === "fixed" && size === 12 ? durationOf : null,
};

function stored(on: string, read: Read): Choose {
  return ({ type }) => type === on ? read : null;
}

function timestamp(perMs: TimestampKind["perMs"], isLocal: boolean): Choose {
  return ({ type }, as) => type === "long" ? timestampReader({ perMs, isLocal, as }) : null;
}

/**
 * Builds the decoder for a file's schema. The library compiles code from the schema, after checking
 * that its names only contain letters, digits and _.
 *
 * @param as what becomes of timestamps
 * @param onBad called when a value that its type does not allow is decoded as a {@link BadValue}
 * @throws {Failure} `avro-schema`
 */
export function avroType(
  schema: string,
  as: TimestampKind["as"],
  onBad: () => void,
): avsc.Type {
  try {
    return avsc.Type.forSchema(simplified(JSON.parse(schema)) as Schema, {
      registry: { long: exactLong() },
      logicalTypes: Object.fromEntries(
        Object.keys(LOGICAL).map((name) => [name, logicalType(as, onBad)]),
      ),
      omitRecordMethods: true,
    });
  } catch (error) {
    throw badSchema(messageOf(error) || "it is invalid", error);
  }
}

/**
 * The schema without defaults, which are for readers with another schema: the library would refuse a
 * file for a wrong one. It knows our exact long by the name "long" alone.
 */
function simplified(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(simplified);
  if (typeof schema !== "object" || schema === null) return schema;
  const { default: _, ...rest } = schema as Record<string, unknown>;
  if (rest.type === "long" && readerOf(rest as Partial<Attributes>, "date") === null) return "long";
  for (const name of ["type", "items", "values"]) {
    if (name in rest) rest[name] = simplified(rest[name]);
  }
  if (Array.isArray(rest.fields)) rest.fields = rest.fields.map(simplifiedField);
  return rest;
}

function simplifiedField({ default: _, ...field }: Record<string, unknown>): unknown {
  return { ...field, type: simplified(field.type) };
}

/** How to read a logical type; null if it is to be ignored. */
function readerOf(
  { logicalType = "", ...attributes }: Partial<Attributes>,
  as: TimestampKind["as"],
): Read | null {
  const known = Object.hasOwn(LOGICAL, logicalType) ? LOGICAL[logicalType] : undefined;
  return known?.({ type: "", ...attributes }, as) ?? null;
}

/** The library reads longs as doubles and fails if a double would change the value. */
function exactLong(): avsc.Type {
  const readOnly = () => {
    throw new Error("files are only read");
  };
  return avsc.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
    toBuffer: readOnly,
    fromJSON: (value: number) => BigInt(value),
    toJSON: String,
    isValid: (value: unknown) => typeof value === "bigint",
    compare: readOnly,
  });
}

/** A logical type for reading. If its constructor throws, the library uses the underlying type. */
function logicalType(as: TimestampKind["as"], onBad: () => void) {
  return class extends avsc.types.LogicalType {
    readonly #read: Read;

    constructor(schema: Schema, options?: unknown) {
      const attributes = schema as Attributes;
      super(attributes.type === "long" ? "long" : schema, options);
      const read = readerOf(attributes, as);
      if (read === null) throw new Error("the logical type does not fit the type");
      this.#read = read;
    }

    protected override _fromValue(stored: unknown): unknown {
      try {
        return this.#read(stored as never);
      } catch (error) {
        // Thrown, it would end the decoding of the block.
        if (!(error instanceof BadValue)) throw error;
        onBad();
        return error;
      }
    }

    protected override _toValue(value: unknown): unknown {
      return value;
    }
  };
}

/** A number that carries its own scale: the unscaled integer's length and bytes, then the scale. */
function bigDecimal(bytes: Uint8Array): string {
  const length = zigZag(bytes, 0);
  const end = length.end + length.value;
  const scale = zigZag(bytes, end);
  const isValid = length.value >= 0 && scale.end === bytes.length && Math.abs(scale.value) <= 1_000;
  if (!isValid) throw new BadValue("has a decimal that is not valid");
  return withPoint(bigIntOf(bytes.subarray(length.end, end)), scale.value);
}

function zigZag(bytes: Uint8Array, start: number): { value: number; end: number } {
  let unsigned = 0;
  for (let at = start; at < start + 5; at++) {
    const byte = bytes[at];
    if (byte === undefined) break;
    unsigned |= (byte & 0x7f) << 7 * (at - start);
    if (byte < 0x80) return { value: unsigned >>> 1 ^ -(unsigned & 1), end: at + 1 };
  }
  throw new BadValue("has a decimal that is not valid");
}
