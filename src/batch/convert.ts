/**
 * Converts the values that a module returns to a column's type. It accepts strings and the natural
 * JavaScript values; an empty string is null for every type except `text` and `ascii`.
 *
 * @module
 */
import { collectionOf, type ColumnType, type ScalarType, type Value } from "./column.ts";
import { fault } from "./conversion_fault.ts";
import { collectionConverter } from "./convert_collection.ts";
import { toDate, toDuration, toTime, toTimestamp } from "./convert_time.ts";

export type Converter = (value: unknown) => Value;

/** @example
 * ```ts
 * import { converterOf } from "./convert.ts";
 * converterOf("int")("42"); // 42
 * ```
 * @returns a function that throws {@link ConversionFault} if the value does not fit
 */
export function converterOf(type: ColumnType): Converter {
  const collection = collectionOf(type);
  if (collection === null) return CONVERTERS[type as ScalarType];
  const { kind, elements } = collection;
  return collectionConverter(
    kind,
    elements.map((element) => ({ type: element, convert: CONVERTERS[element] })),
  );
}

const INTEGER = /^\s*[+-]?\d+\s*$/;
const DECIMAL = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;

function integer(type: string, min: number, max: number): Converter {
  return (value) => {
    let number: number;
    if (typeof value === "number") number = value;
    else if (typeof value === "string") {
      if (value === "") return null;
      if (!INTEGER.test(value)) fault(value, type);
      number = Number(value);
    } else if (value === null || value === undefined) return null;
    else if (typeof value === "bigint") number = Number(value);
    else return fault(value, type);
    if (!Number.isInteger(number)) fault(value, type);
    if (number < min || number > max) fault(value, `between ${min} and ${max}`);
    return number === 0 ? 0 : number;
  };
}

function float(round: (value: number) => number): Converter {
  return (value) => {
    let number: number;
    if (typeof value === "number") number = value;
    else if (typeof value === "string") {
      if (value === "") return null;
      if (!DECIMAL.test(value)) fault(value, "a number");
      number = Number(value);
    } else if (value === null || value === undefined) return null;
    else if (typeof value === "bigint") number = Number(value);
    else return fault(value, "a number");
    if (!Number.isFinite(number)) fault(value, "a finite number");
    return round(number);
  };
}

function bigInteger(type: string, min: bigint | null, max: bigint | null): Converter {
  return (value) => {
    if (value === null || value === undefined || value === "") return null;
    let big: bigint;
    if (typeof value === "bigint") big = value;
    else if (typeof value === "number" && Number.isSafeInteger(value)) big = BigInt(value);
    else if (typeof value === "string" && value.length <= 4096 && INTEGER.test(value)) {
      big = BigInt(value.trim().replace(/^\+/, ""));
    } else return fault(value, type);
    if (min !== null && max !== null && (big < min || big > max)) {
      fault(value, `between ${min} and ${max}`);
    }
    return String(big);
  };
}

/** The scale of a decimal has 32 bits. */
const MAX_EXPONENT = 1_000_000;

function decimal(value: unknown): Value {
  if (value === null || value === undefined || value === "") return null;
  const text = typeof value === "number" || typeof value === "bigint" ? String(value) : value;
  if (typeof text !== "string" || text.length > 4096 || !DECIMAL.test(text)) {
    return fault(value, "a decimal number");
  }
  const exponent = /[eE](.*)$/.exec(text.trim())?.[1];
  if (exponent !== undefined && Math.abs(Number(exponent)) > MAX_EXPONENT) {
    return fault(value, `a decimal number with an exponent of up to ${MAX_EXPONENT}`);
  }
  return text.trim().replace(/^\+/, "");
}

function text(value: unknown): Value {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return null;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") {
    return String(value);
  }
  return fault(value, "text");
}

function ascii(value: unknown): Value {
  const converted = text(value);
  // deno-lint-ignore no-control-regex
  if (typeof converted === "string" && !/^[\x00-\x7f]*$/.test(converted)) {
    fault(value, "ASCII text");
  }
  return converted;
}

const TRUE = new Set(["true", "t", "yes", "y", "1"]);
const FALSE = new Set(["false", "f", "no", "n", "0"]);

function boolean(value: unknown): Value {
  if (value === true || value === 1) return 1;
  if (value === false || value === 0) return 0;
  if (value === null || value === undefined || value === "") return null;
  if (typeof value === "string") {
    const word = value.trim().toLowerCase();
    if (TRUE.has(word)) return 1;
    if (FALSE.has(word)) return 0;
  }
  return fault(value, "true or false");
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function uuid(value: unknown): Value {
  if (typeof value === "string") {
    if (UUID.test(value)) return value;
    const lower = value.trim().toLowerCase();
    if (lower === "") return null;
    if (UUID.test(lower)) return lower;
  } else if (value === null || value === undefined) return null;
  return fault(value, "a uuid");
}

function timeuuid(value: unknown): Value {
  const converted = uuid(value);
  if (typeof converted === "string" && converted[14] !== "1") fault(value, "a version 1 uuid");
  return converted;
}

const IPV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
const IPV6_GROUPS = /^[0-9a-f]{1,4}(:[0-9a-f]{1,4})*$/i;

function inet(value: unknown): Value {
  if (value === null || value === undefined || value === "") return null;
  if (typeof value !== "string") return fault(value, "an IP address");
  const address = value.trim();
  if (IPV4.test(address) || isIpv6(address)) return address.toLowerCase();
  return fault(value, "an IP address");
}

function isIpv6(address: string): boolean {
  const lastColon = address.lastIndexOf(":");
  if (lastColon < 0) return false;
  let rest = address;
  if (address.includes(".")) {
    if (!IPV4.test(address.slice(lastColon + 1))) return false;
    rest = `${address.slice(0, lastColon)}:0:0`;
  }
  const halves = rest.split("::");
  if (halves.length > 2) return false;
  const groups = halves.map((half) =>
    half === "" ? 0 : IPV6_GROUPS.test(half) ? half.split(":").length : 99
  );
  const count = groups.reduce((sum, n) => sum + n, 0);
  return halves.length === 2 ? count <= 7 : count === 8;
}

function blob(value: unknown): Value {
  if (value === null || value === undefined || value === "") return null;
  if (value instanceof Uint8Array) return value.slice();
  if (typeof value !== "string" || !/^0x([0-9a-f]{2})*$/i.test(value)) {
    return fault(value, "a blob (0x and hexadecimal digits)");
  }
  const bytes = new Uint8Array(value.length / 2 - 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(value.slice(2 + 2 * i, 4 + 2 * i), 16);
  return bytes;
}

/** Wraps a conversion that returns null for values that it does not understand. */
function temporal(
  convert: (value: string | number | Date) => string | null,
  what: string,
): Converter {
  return (value) => {
    if (value === null || value === undefined || value === "") return null;
    const usable = typeof value === "string" || typeof value === "number" || value instanceof Date;
    const converted = usable ? convert(value) : null;
    return converted ?? fault(value, what);
  };
}

const CONVERTERS: Record<ScalarType, Converter> = {
  ascii,
  bigint: bigInteger("a bigint", -(2n ** 63n), 2n ** 63n - 1n),
  blob,
  boolean,
  date: temporal(toDate, "a date (YYYY-MM-DD)"),
  decimal,
  double: float((value) => value),
  duration: temporal(toDuration, "a duration (such as 1h30m or PT1H30M)"),
  float: float(Math.fround),
  inet,
  int: integer("an int", -(2 ** 31), 2 ** 31 - 1),
  smallint: integer("a smallint", -(2 ** 15), 2 ** 15 - 1),
  text,
  time: temporal(toTime, "a time (HH:MM:SS)"),
  timestamp: temporal(toTimestamp, "a timestamp (ISO 8601)"),
  timeuuid,
  tinyint: integer("a tinyint", -(2 ** 7), 2 ** 7 - 1),
  uuid,
  varint: bigInteger("a varint", null, null),
};
