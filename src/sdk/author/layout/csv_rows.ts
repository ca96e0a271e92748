/** How a CSV file separates and quotes its fields. */
export interface Dialect {
  delimiter: string;
  /** A character, or "" if fields are never quoted. */
  quote: string;
  /** The character before a quote that is data: the quote itself, or a backslash. */
  escape: string;
}

/** A record of a CSV file, split without any checks. */
export interface LooseRow {
  /** The line on which it starts, from 1. */
  line: number;
  fields: string[];
}

/** Whether a record has a field that is not blank. */
export function hasText({ fields }: LooseRow): boolean {
  return fields.some((field) => field.trim() !== "");
}

/**
 * Splits the start of a CSV file into records, for looking at it: it never fails.
 *
 * @example
 * ```ts
 * import { looseRows } from "./csv_rows.ts";
 * const dialect = { delimiter: ";", quote: '"', escape: '"' };
 * looseRows('a;"b;c"\n', dialect, 10); // [{ line: 1, fields: ["a", "b;c"] }]
 * ```
 */
export function looseRows(text: string, dialect: Dialect, max: number): LooseRow[] {
  const { delimiter, quote } = dialect;
  const rows: LooseRow[] = [];
  let line = 1;
  let row: LooseRow = { line, fields: [] };
  let at = 0;
  while (at < text.length && rows.length < max) {
    let field: string;
    if (quote !== "" && text[at] === quote) {
      const end = endOfQuoted(text, at, dialect);
      field = text.slice(at + 1, end).replaceAll(dialect.escape + quote, quote);
      line += field.match(/\r\n?|\n/g)?.length ?? 0;
      at = end + 1;
      // What follows the quote, up to the delimiter, is not a part of the value.
      at = nextEnd(text, at, delimiter);
    } else {
      const end = nextEnd(text, at, delimiter);
      field = text.slice(at, end);
      at = end;
    }
    row.fields.push(field);
    if (text.startsWith(delimiter, at)) {
      at += delimiter.length;
      if (at < text.length && !isLineEnd(text[at]!)) continue;
      row.fields.push("");
    }
    at += text.startsWith("\r\n", at) ? 2 : 1;
    rows.push(row);
    row = { line: ++line, fields: [] };
  }
  return rows;
}

/** The index of the closing quote; the end of the text if there is none. */
function endOfQuoted(text: string, start: number, { quote, escape }: Dialect): number {
  for (let at = start + 1; at < text.length;) {
    const end = text.indexOf(quote, at);
    if (end < 0) break;
    const isEscaped = escape === quote ? text[end + 1] === quote : text[end - 1] === escape;
    if (!isEscaped) return end;
    at = end + (escape === quote ? 2 : 1);
  }
  return text.length;
}

function nextEnd(text: string, from: number, delimiter: string): number {
  for (let at = from; at < text.length; at++) {
    if (isLineEnd(text[at]!) || text.startsWith(delimiter, at)) return at;
  }
  return text.length;
}

function isLineEnd(character: string): boolean {
  return character === "\n" || character === "\r";
}
