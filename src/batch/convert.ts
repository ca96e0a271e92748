/**
 * Converts the values that a module returns to a column's type. It accepts strings and the natural
 * JavaScript values; blank text is null for every type except `text` and `ascii`. The SDK's parse
 * functions are the same code.
 *
 * @module
 */
import { collectionOf, type ColumnOptions, type ColumnType, type ScalarType } from "./column.ts";
import { INTEGER_LIMITS, type Value } from "./column.ts";
import { collectionConverter } from "./convert_collection.ts";
import { jsonText } from "./json_text.ts";
import { blob, inet, timeuuid, uuid } from "./convert_other.ts";
import { filled, meansNull } from "../sdk/values/blank.ts";
import { durationText, fitsDuration } from "../sdk/values/duration.ts";
import { bigIntegerIn, decimalOf, integerIn, numberOf } from "../sdk/values/numbers.ts";
import { parseDate, parseTime, timestampOf } from "../sdk/values/times.ts";
import { fault } from "../sdk/values/value_fault.ts";
import { parseBoolean, parseText } from "../sdk/values/words.ts";
import type { WrittenNumbers } from "../sdk/values/written_numbers.ts";

/**
 * @param numbers the numbers of the record as its file writes them, to keep their digits
 * @param names names of the column and of the file's columns that it is filled from
 */
export type Converter = (
  value: unknown,
  numbers?: WrittenNumbers,
  names?: readonly string[],
) => Value;

/** How text in the file is written; undefined for the usual forms. */
type Options = ColumnOptions | undefined;

/**
 * @param given how text in the file is written; for a collection, the text of its elements
 * @returns a function that throws {@link ValueFault} if the value does not fit
 *
 * @example
 * ```ts
 * import { converterOf } from "./convert.ts";
 * converterOf("int")("42"); // 42
 * converterOf("decimal", { decimal: "," })("1,50"); // "1.50"
 * ```
 */
export function converterOf(type: ColumnType, given: ColumnOptions = {}): Converter {
  const { from: _from, value: _value, optional: _optional, ...written } = given;
  const options = Object.keys(written).length === 0 ? undefined : written;
  const collection = collectionOf(type);
  if (collection === null) return scalarConverter(type as ScalarType, options);
  const { kind, elements } = collection;
  // What means null stands for the whole collection: no element can be null.
  const { null: nulls, ...ofElements } = options ?? {};
  const convert = collectionConverter(
    kind,
    elements.map((element) => ({
      type: element,
      convert: scalarConverter(element, options && ofElements),
    })),
  );
  return nulls === undefined ? convert : withNulls(convert, { null: nulls });
}

function scalarConverter(type: ScalarType, options: Options): Converter {
  return options === undefined ? CONVERTERS[type] : MAKERS[type](options);
}

function withNulls(convert: Converter, options: Options): Converter {
  if (options?.null === undefined) return convert;
  return (value, numbers, names) => {
    if (typeof value === "string" && filled(value, options) === null) return null;
    return convert(value, numbers, names);
  };
}

/** A number as its file writes it, or as it is. */
function written(
  value: unknown,
  numbers: WrittenNumbers | undefined,
  names: readonly string[] = [],
  isText = false,
): unknown {
  if (typeof value !== "number" || numbers === undefined) return value;
  return numbers.textOf(value, names, isText) ?? value;
}

function integer(type: "int" | "smallint" | "tinyint") {
  const what = `${type === "int" ? "an" : "a"} ${type}`;
  const limits = INTEGER_LIMITS[type]!;
  return (options: Options): Converter => (value) => integerIn(value, what, limits, options);
}

function float(options: Options): Converter {
  return (value) => {
    const number = numberOf(value, options);
    if (number === null) return null;
    const single = Math.fround(number);
    return Number.isFinite(single) ? single : fault(value, "a number that a float can hold");
  };
}

const BIGINT_LIMITS = [-(2n ** 63n), 2n ** 63n - 1n] as const;

function text(options: Options): Converter {
  return (value, numbers, names) => {
    if (typeof value === "object" && value !== null) return jsonText(value, numbers);
    const text = typeof value === "string" && options === undefined
      ? value
      : parseText(written(value, numbers, names, true), options);
    return text === null || text.isWellFormed() ? text : fault(value, WELL_FORMED);
  };
}

const WELL_FORMED = "Unicode text: it has half of a surrogate pair";

function ascii(options: Options): Converter {
  const convert = text(options);
  return (value, numbers, names) => {
    const text = convert(value, numbers, names) as string | null;
    // deno-lint-ignore no-control-regex
    return text === null || /^[\x00-\x7f]*$/.test(text) ? text : fault(value, "ASCII text");
  };
}

function decimal(options: Options): Converter {
  return (value, numbers, names) => {
    if (typeof value !== "number") return decimalOf(value, options);
    // The text of a JSON number has a point, whatever the options say about text.
    return meansNull(value, options) ? null : decimalOf(written(value, numbers, names));
  };
}

function bigInteger(what: string, limits: readonly [bigint, bigint] | null) {
  return (options: Options): Converter => (value, numbers, names) => {
    if (typeof value !== "number" || Number.isSafeInteger(value)) {
      return bigIntegerIn(value, what, limits, options);
    }
    return bigIntegerIn(written(value, numbers, names), what, limits);
  };
}

function boolean(options: Options): Converter {
  return (value) => {
    const parsed = parseBoolean(value, options);
    return parsed === null ? null : parsed ? 1 : 0;
  };
}

function duration(options: Options): Converter {
  return (value) => {
    if (value === null || value === undefined) return null;
    const text = typeof value === "string" ? filled(value, options) : fault(value, DURATION);
    if (text === null) return null;
    const canonical = durationText(text) ?? fault(value, DURATION);
    return fitsDuration(canonical) ? canonical : fault(value, DURATION_RANGE);
  };
}

const DURATION = "a duration (such as 1h30m or PT1H30M)";
const DURATION_RANGE =
  "in the range of durations: months and days have 32 bits, the rest 292 years";

const MAKERS: Record<ScalarType, (options: Options) => Converter> = {
  ascii,
  bigint: bigInteger("a bigint", BIGINT_LIMITS),
  blob: (options) => withNulls(blob, options),
  boolean,
  date: (options) => (value) => parseDate(value, options),
  decimal,
  double: (options) => (value) => numberOf(value, options),
  duration,
  float,
  inet: (options) => withNulls(inet, options),
  int: integer("int"),
  smallint: integer("smallint"),
  text,
  time: (options) => (value) => parseTime(value, options),
  timestamp: (options) => (value) => timestampOf(value, options),
  timeuuid: (options) => withNulls(timeuuid, options),
  tinyint: integer("tinyint"),
  uuid: (options) => withNulls(uuid, options),
  varint: bigInteger("a varint", null),
};

/** The converters without options. */
const CONVERTERS = Object.fromEntries(
  Object.entries(MAKERS).map(([type, make]) => [type, make(undefined)]),
) as Record<ScalarType, Converter>;
