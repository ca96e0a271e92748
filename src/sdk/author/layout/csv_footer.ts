import type { CsvOptions } from "../../csv.ts";
import { hasText, type LooseRow } from "./csv_rows.ts";

/** Lines below the data, and the options that leave them out. */
interface Footer {
  options: CsvOptions;
  note: string;
}

/** The number of records at the end of the file that are searched for a footer. */
const MAX_ROWS = 8;
const TOTAL =
  /^((grand|sub)[ -]?total|total|sum|summe|gesamt|gesamtsumme|zwischensumme|totale|somme|suma|average|mean|source|quelle|note|end of (file|report|data))\b/i;
const COUNT = /^\(\d+ (rows?|records?|zeilen?)( affected)?\)$/i;

/**
 * Finds totals, sources and counts below the data.
 *
 * @param rows the last records of the file
 * @param width the number of fields of its records
 */
export function footerOf(rows: readonly LooseRow[], width: number): Footer | null {
  const filled = rows.filter(hasText);
  const last = filled.slice(-MAX_ROWS);
  const at = last.findIndex((row) => isFooter(row, width));
  if (at < 0 || width < 2) return null;
  const text = firstText(last[at]!);
  const count = last.length - at;
  const word = COUNT.test(text) ? null : TOTAL.exec(text)?.[0];
  if (word) {
    const stopAt = word === text ? text : `${word}*`;
    return { options: { stopAt }, note: `the data ends before "${stopAt}"` };
  }
  const lines = count === 1 ? "the last record is" : `the last ${count} records are`;
  return { options: { skipLast: count }, note: `${lines} not data` };
}

function isFooter({ fields }: LooseRow, width: number): boolean {
  const texts = fields.filter((field) => field.trim() !== "");
  const text = texts[0]?.trim() ?? "";
  if (COUNT.test(text) && texts.length === 1) return true;
  // A row with all its values may be about a shop named "Total".
  return TOTAL.test(text) && texts.length < width;
}

function firstText({ fields }: LooseRow): string {
  return fields.find((field) => field.trim() !== "")?.trim() ?? "";
}
