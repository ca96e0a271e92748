import type { XlsxCell } from "../../sdk/xlsx.ts";
import { DateFault, dateOf, isoDate } from "./xlsx_dates.ts";
import { corrupt, quoted } from "./xlsx_failures.ts";
import { sectionFor } from "./xlsx_number_format.ts";
import { unescaped } from "./xlsx_strings.ts";
import type { Styles } from "./xlsx_styles.ts";

/** A cell as it is in the file. */
export interface RawCell {
  /** From 1. */
  column: number;
  /** How the value is stored: "n", "s", "str", "inlineStr", "b", "e" or "d". */
  type: string;
  style: number;
  hasFormula: boolean;
  /** The text of its value; null if it has none. */
  value: string | null;
}

/** A cell whose value cannot be used: it rejects the record if the module reads its column. */
export class CellFault {
  /**
   * @param reason as a continuation of "B3 ", such as "is #DIV/0!"
   * @param isError whether the option `errors` decides about it
   */
  constructor(readonly reason: string, readonly isError = false) {}

  /** How it is shown in the text of a rejected record: `#DIV/0!`. */
  toJSON(): string {
    return this.reason.replace(/^is /, "");
  }
}

export interface CellContext {
  strings: readonly string[];
  styles: Styles;
  is1904: boolean;
}

/** The reason of a cell with a formula that was never calculated. */
export const UNSAVED = "has a formula without a saved value";
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * The value of a cell. An empty text counts as an empty cell: a formula returns it to show nothing.
 *
 * @throws {Failure} `xlsx-corrupt` for references to texts or styles that do not exist
 */
export function cellValue(cell: RawCell, context: CellContext): XlsxCell | CellFault {
  const { type, value, hasFormula } = cell;
  if (value === null || (value === "" && type !== "str" && type !== "inlineStr")) {
    return hasFormula ? new CellFault(UNSAVED, true) : null;
  }
  switch (type) {
    case "n":
      return numberValue(value.trim(), cell.style, context);
    case "s":
      return sharedString(value.trim(), context.strings) || null;
    case "str":
      return unescaped(value) || null;
    case "inlineStr":
      return value || null;
    case "b":
      return booleanValue(value.trim());
    case "e":
      return new CellFault(`is ${value.slice(0, 40)}`, true);
    case "d":
      return usable(isoDate(value.trim()));
    default:
      throw corrupt(`a cell has the unknown type ${quoted(type)}`);
  }
}

function numberValue(
  text: string,
  style: number,
  { styles, is1904 }: CellContext,
): XlsxCell | CellFault {
  const number = Number(text);
  // Number also accepts hexadecimal numbers.
  if (!Number.isFinite(number) || !NUMBER.test(text)) {
    return new CellFault(`is not a number (${quoted(text)})`);
  }
  const format = styles.formatOf(style);
  if (format === null) throw corrupt(`a cell has the style ${style}, which does not exist`);
  const { kind } = sectionFor(format, number);
  return kind === "number" ? number : usable(dateOf(number, kind, is1904));
}

function sharedString(index: string, strings: readonly string[]): string {
  const text = /^\d+$/.test(index) ? strings[Number(index)] : undefined;
  if (text === undefined) {
    throw corrupt(`a cell has the text number ${quoted(index)}, which does not exist`);
  }
  return text;
}

function booleanValue(text: string): XlsxCell | CellFault {
  if (text === "1" || text === "true") return true;
  if (text === "0" || text === "false") return false;
  return new CellFault(`is not true or false (${quoted(text)})`);
}

function usable(date: Date | string | DateFault): XlsxCell | CellFault {
  return date instanceof DateFault ? new CellFault(date.reason) : date;
}
