import type { XlsxCell } from "../../../sdk/xlsx.ts";
import { dateText } from "./date_text.ts";
import { DateFault, dateOf, isoDate } from "./dates.ts";
import { corrupt, quoted } from "./failures.ts";
import { type FormatSection, type NumberFormat, sectionFor } from "./number_format.ts";
import { numberText } from "./number_text.ts";
import { type SharedStrings, unescaped } from "./strings.ts";
import type { Styles } from "./styles.ts";

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
    return this.reason === UNSAVED ? "formula" : this.reason.replace(/^is /, "");
  }
}

export interface CellContext {
  strings: SharedStrings;
  styles: Styles;
  is1904: boolean;
}

/** The reason of a cell with a formula that was never calculated. */
export const UNSAVED = "has a formula without a saved value";
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * The value of a cell. An empty text counts as an empty cell: a formula returns it to show nothing.
 *
 * @param isText whether the value is the text that Excel displays
 * @throws {Failure} `xlsx-corrupt` for references to texts or styles that do not exist
 */
export function cellValue(
  cell: RawCell,
  context: CellContext,
  isText: boolean,
): XlsxCell | CellFault {
  const { type, value, hasFormula } = cell;
  if (value === null || (value === "" && type !== "str" && type !== "inlineStr")) {
    return hasFormula ? new CellFault(UNSAVED, true) : null;
  }
  switch (type) {
    case "n":
      return numberValue(value.trim(), cell.style, context, isText);
    case "s":
      return shownText(sharedString(value.trim(), context.strings), cell.style, context, isText);
    case "str":
      return shownText(unescaped(value), cell.style, context, isText);
    case "inlineStr":
      return shownText(value, cell.style, context, isText);
    case "b":
      return booleanValue(value.trim(), isText);
    case "e":
      return new CellFault(`is ${value.slice(0, 40)}`, true);
    case "d":
      return isText ? value.trim() : usable(isoDate(value.trim()));
    default:
      throw corrupt(`a cell has the unknown type ${quoted(type)}`);
  }
}

function numberValue(
  text: string,
  style: number,
  context: CellContext,
  isText: boolean,
): XlsxCell | CellFault {
  const number = Number(text);
  // Number also accepts hexadecimal numbers.
  if (!Number.isFinite(number) || !NUMBER.test(text)) {
    return new CellFault(`is not a number (${quoted(text)})`);
  }
  const format = formatOf(style, context);
  const section = sectionFor(format, number);
  if (isText) return displayed(number, format, section, context.is1904);
  return section.kind === "number" ? number : usable(dateOf(number, section.kind, context.is1904));
}

function formatOf(style: number, { styles }: CellContext): NumberFormat {
  const format = styles.formatOf(style);
  if (format === null) throw corrupt(`a cell has the style ${style}, which does not exist`);
  return format;
}

function displayed(
  number: number,
  format: NumberFormat,
  section: FormatSection,
  is1904: boolean,
): XlsxCell | CellFault {
  const hasSign = number < 0 && section !== format.sections[1];
  const hasCondition = format.sections.some(({ condition }) => condition !== null);
  const text = section.kind !== "number"
    ? dateText(number, section, is1904)
    : hasCondition && number < 0
    ? null
    : numberText(number, section, hasSign);
  if (text === null) return notShown(format);
  return text instanceof DateFault ? new CellFault(text.reason) : text || null;
}

function notShown({ code }: NumberFormat): CellFault {
  return new CellFault(`has a number format that cannot be shown as text (${quoted(code)})`);
}

/** A text, or what its format shows in its place. */
function shownText(
  text: string,
  style: number,
  context: CellContext,
  isText: boolean,
): XlsxCell | CellFault {
  if (!isText || text === "") return text || null;
  const format = formatOf(style, context);
  if (format.text === null) return text;
  const parts = format.text.map((token) => token.type === "literal" ? token.text : text);
  const isKnown = format.text.every(({ type }) =>
    type === "literal" || type === "text" || type === "general"
  );
  return isKnown && parts.includes(text) ? parts.join("") : notShown(format);
}

function sharedString(index: string, strings: SharedStrings): string {
  const text = /^\d+$/.test(index) ? strings.get(Number(index)) : undefined;
  if (text === undefined) {
    throw corrupt(`a cell has the text number ${quoted(index)}, which does not exist`);
  }
  return text;
}

function booleanValue(text: string, isText: boolean): XlsxCell | CellFault {
  if (text === "1" || text === "true") return isText ? "TRUE" : true;
  if (text === "0" || text === "false") return isText ? "FALSE" : false;
  return new CellFault(`is not true or false (${quoted(text)})`);
}

function usable(date: Date | string | DateFault): XlsxCell | CellFault {
  return date instanceof DateFault ? new CellFault(date.reason) : date;
}
