/**
 * Checks that the options of a column fit its type and each other, when a module is declared.
 *
 * @module
 */
import { collectionOf, type ColumnOptions, type ColumnType, type ScalarType } from "./column.ts";
import { separatorsFault } from "../sdk/values/numbers.ts";
import { isTimeZone } from "../sdk/values/time_zone.ts";
import { ambiguousWord } from "../sdk/values/words.ts";
import { FormatFault, type WrittenFormat, writtenFormat } from "../sdk/values/written_format.ts";

const NUMBERS: readonly ScalarType[] = ["tinyint", "smallint", "int", "bigint", "varint"];
const FRACTIONS: readonly ScalarType[] = ["decimal", "double", "float"];

/** The types that an option is for. Options that are not listed fit every type. */
const FITS: Partial<Record<keyof ColumnOptions, readonly ScalarType[]>> = {
  trim: ["text", "ascii"],
  decimal: [...FRACTIONS, ...NUMBERS],
  group: [...FRACTIONS, ...NUMBERS],
  format: ["date", "time", "timestamp"],
  timeZone: ["timestamp"],
  clockChange: ["timestamp"],
  unit: ["timestamp"],
  true: ["boolean"],
  false: ["boolean"],
};

/** An option that does not fit, and why. */
export interface ColumnFault {
  option: keyof ColumnOptions;
  reason: string;
}

/**
 * The first option that does not fit; null if all do.
 *
 * @example
 * ```ts
 * import { columnFault } from "./column_fault.ts";
 * columnFault("uuid", { decimal: "," })?.reason; // "is for decimal, double, …, not for uuid"
 * ```
 */
export function columnFault(type: ColumnType, options: ColumnOptions): ColumnFault | null {
  const scalars = collectionOf(type)?.elements ?? [type as ScalarType];
  for (const option of Object.keys(FITS) as (keyof ColumnOptions)[]) {
    const fitting = FITS[option]!;
    if (options[option] !== undefined && !scalars.some((scalar) => fitting.includes(scalar))) {
      return { option, reason: `is for ${fitting.join(", ")}, not for ${type}` };
    }
  }
  return numberFault(options) ?? wordFault(options) ?? timeFault(scalars, options);
}

function numberFault(options: ColumnOptions): ColumnFault | null {
  const reason = separatorsFault(options);
  return reason === null ? null : { option: "group", reason };
}

function wordFault(options: ColumnOptions): ColumnFault | null {
  if (options.true === undefined && options.false === undefined) return null;
  const word = ambiguousWord(options);
  if (word === null) return null;
  const option = options.true === undefined ? "false" : "true";
  return { option, reason: `"${word}" means both true and false` };
}

function timeFault(scalars: readonly ScalarType[], options: ColumnOptions): ColumnFault | null {
  const { timeZone, clockChange, unit, format } = options;
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    const reason = `"${timeZone}" is not a time zone; use an IANA name such as "Europe/Berlin"`;
    return { option: "timeZone", reason };
  }
  if (clockChange !== undefined && timeZone === undefined) {
    return { option: "clockChange", reason: "needs timeZone" };
  }
  if (format === undefined) return null;
  if (unit !== undefined) {
    return { option: "unit", reason: "is for numbers, so it cannot be used together with format" };
  }
  return formatsFault(scalars, typeof format === "string" ? [format] : format, timeZone);
}

function formatsFault(
  scalars: readonly ScalarType[],
  formats: readonly string[],
  timeZone: string | undefined,
): ColumnFault | null {
  let offsets = 0;
  for (const text of formats) {
    const fault = (reason: string): ColumnFault => ({
      option: "format",
      reason: `"${text}" ${reason}`,
    });
    let format: WrittenFormat;
    try {
      format = writtenFormat(text);
    } catch (error) {
      if (error instanceof FormatFault) return fault(error.message);
      throw error;
    }
    for (const scalar of scalars) {
      const reason = unfit(scalar, format);
      if (reason !== null) return fault(reason);
    }
    if (format.hasOffset) offsets++;
  }
  if (timeZone === undefined || offsets < formats.length) return null;
  return { option: "timeZone", reason: "is not used: the text has an offset (Z in the format)" };
}

function unfit(type: ScalarType, { hasDate, hasTime, hasOffset }: WrittenFormat): string | null {
  if ((type === "date" || type === "timestamp") && !hasDate) return `has no date for a ${type}`;
  if (type === "time" && !hasTime) return "has no hour for a time";
  if (type === "time" && hasDate) return "has a date, but the column is a time";
  if ((type === "date" || type === "time") && hasOffset) {
    return `has an offset, but a ${type} cannot have one`;
  }
  return null;
}
