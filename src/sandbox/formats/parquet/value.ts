import type { SchemaElement } from "hyparquet";
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
import { plain } from "../plain_data.ts";

/** Converts a stored value. @throws {BadValue} */
export type Convert = (stored: unknown) => unknown;

type Unit = "MILLIS" | "MICROS" | "NANOS";

const DIGITS = { MILLIS: 3, MICROS: 6, NANOS: 9 } as const;
const PER_MS = { MILLIS: 1, MICROS: 1_000, NANOS: 1_000_000 } as const;

/**
 * The conversion of a leaf's stored values, by its logical type or the older converted type.
 * @param as what becomes of timestamps
 */
export function converterOf(element: SchemaElement, as: TimestampKind["as"]): Convert {
  const { type, logical_type: logical, converted_type: converted, scale = 0 } = element;
  switch (logical?.type) {
    case "STRING":
    case "ENUM":
    case "JSON":
      return text;
    case "DECIMAL":
      return decimal(logical.scale ?? 0);
    case "DATE":
      return date;
    case "TIME":
      return time(logical.unit);
    case "TIMESTAMP":
      return timestamp({ perMs: PER_MS[logical.unit], isLocal: !logical.isAdjustedToUTC, as });
    case "INTEGER":
      return logical.isSigned ? plain : unsigned(logical.bitWidth);
    case "UUID":
      return (bytes) => uuidOf(bytes as Uint8Array);
    case "FLOAT16":
      return (bytes) => float16(bytes as Uint8Array);
  }
  switch (converted) {
    case "UTF8":
    case "ENUM":
    case "JSON":
      return text;
    case "DECIMAL":
      return decimal(scale);
    case "DATE":
      return date;
    case "TIME_MILLIS":
      return time("MILLIS");
    case "TIME_MICROS":
      return time("MICROS");
    case "TIMESTAMP_MILLIS":
      return timestamp({ perMs: PER_MS.MILLIS, isLocal: false, as });
    case "TIMESTAMP_MICROS":
      return timestamp({ perMs: PER_MS.MICROS, isLocal: false, as });
    case "UINT_8":
      return unsigned(8);
    case "UINT_16":
      return unsigned(16);
    case "UINT_32":
      return unsigned(32);
    case "UINT_64":
      return unsigned(64);
    case "INTERVAL":
      return (bytes) => durationOf(bytes as Uint8Array);
  }
  if (type === "INT96") {
    // Some programs store local times in it, others UTC.
    const read = timestampReader({ perMs: PER_MS.NANOS, isLocal: true, as });
    return (value) => read(int96(value as bigint));
  }
  return type === "BOOLEAN" || type === "FLOAT" || type === "DOUBLE" ? asIs : plain;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function text(bytes: unknown): string {
  try {
    return utf8.decode(bytes as Uint8Array);
  } catch {
    throw new BadValue("has text that is not valid UTF-8");
  }
}

function decimal(scale: number): Convert {
  return (stored) => {
    const unscaled = stored instanceof Uint8Array
      ? bigIntOf(stored)
      : BigInt(stored as number | bigint);
    return withPoint(unscaled, scale);
  };
}

function date(days: unknown): Date {
  return dayOf(Number(days));
}

function time(unit: Unit): Convert {
  return (units) => timeOfDay(units as number | bigint, DIGITS[unit]);
}

function timestamp(kind: TimestampKind): Convert {
  return timestampReader(kind) as Convert;
}

function unsigned(bits: number): Convert {
  if (bits === 64) return (value) => plain(BigInt.asUintN(64, BigInt(value as number | bigint)));
  return (value) => Number(value) >>> 0;
}

function asIs(value: unknown): unknown {
  return value;
}

const JULIAN_DAY_OF_1970 = 2_440_588n;
const NANOS_PER_DAY = 86_400_000_000_000n;

/** The old timestamp of Impala and Spark: a Julian day above 64 bits of nanoseconds. */
function int96(value: bigint): bigint {
  const nanos = BigInt.asIntN(64, value);
  return ((value - nanos >> 64n) - JULIAN_DAY_OF_1970) * NANOS_PER_DAY + nanos;
}

function float16([low = 0, high = 0]: Uint8Array): number {
  const sign = high & 0x80 ? -1 : 1;
  const exponent = high >> 2 & 0x1f;
  const fraction = ((high & 3) << 8 | low) / 1_024;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * 2 ** -14 * fraction : sign * 2 ** (exponent - 15) * (1 + fraction);
}
