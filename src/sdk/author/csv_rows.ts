/** A record of a CSV file, split without any checks. */
export interface LooseRow {
  /** The line on which it starts, from 1. */
  line: number;
  fields: string[];
}

/**
 * Splits the start of a CSV file into records, for looking at it: it never fails.
 *
 * @param quote a character, or "" if fields are never quoted
 * @example
 * ```ts
 * import { looseRows } from "./csv_rows.ts";
 * looseRows('a;"b;c"\n', ";", '"', 10); // [{ line: 1, fields: ["a", "b;c"] }]
 * ```
 */
export function looseRows(text: string, delimiter: string, quote: string, max: number): LooseRow[] {
  const rows: LooseRow[] = [];
  let line = 1;
  let row: LooseRow = { line, fields: [] };
  let at = 0;
  while (at < text.length && rows.length < max) {
    let field: string;
    if (quote !== "" && text[at] === quote) {
      const end = endOfQuoted(text, at, quote);
      field = text.slice(at + 1, end).replaceAll(quote + quote, quote);
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
function endOfQuoted(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length;) {
    const end = text.indexOf(quote, at);
    if (end < 0) break;
    if (text[end + 1] !== quote) return end;
    at = end + 2;
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
