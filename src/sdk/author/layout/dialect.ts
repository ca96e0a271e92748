import { type Dialect, hasText, type LooseRow, looseRows } from "./csv_rows.ts";
import { cellKind } from "../profile/cell_kind.ts";

const DELIMITERS = [",", ";", "\t", "|", "||", "::", "^", "~", "\x1f", ":", " "];
/** These also occur inside values: times, names. */
const DOUBTFUL: Record<string, number> = { ":": 0.5, " ": 0.4, "^": 0.9, "~": 0.9 };
const ROWS = 400;

/**
 * Finds the delimiter and the quote of a CSV file: those with which most rows have the same number of
 * fields, and most fields look like a value.
 *
 * @param text the start of the file, whole lines
 */
export function dialectOf(text: string): Dialect {
  const declared = /^sep=(.+)\r?\n/.exec(text.slice(0, 20))?.[1]?.trimEnd();
  const delimiters = declared ? [declared] : DELIMITERS.filter((each) => text.includes(each));
  const quotes = ['"', ...(/(^|[,;\t|])'/m.test(text) ? ["'"] : [])];
  const escapes = (quote: string) => text.includes(`\\${quote}`) ? [quote, "\\"] : [quote];
  let best: Dialect = { delimiter: declared ?? ",", quote: '"', escape: '"' };
  let most = 0;
  for (const quote of quotes) {
    for (const escape of escapes(quote)) {
      for (const delimiter of delimiters) {
        const rows = looseRows(text, { delimiter, quote, escape }, ROWS);
        // Double quotes are the rule; single ones must explain the file better.
        const score = scoreOf(rows) * (DOUBTFUL[delimiter] ?? 1) * (quote === "'" ? 0.97 : 1);
        if (score > most) [best, most] = [{ delimiter, quote, escape }, score];
      }
    }
  }
  return best;
}

/** How well a split explains the rows, from 0 to 1. */
function scoreOf(rows: readonly LooseRow[]): number {
  const filled = rows.filter(hasText);
  const widths = new Map<number, number>();
  let values = 0;
  let cells = 0;
  for (const { fields } of filled) {
    widths.set(fields.length, (widths.get(fields.length) ?? 0) + 1);
    for (const field of fields) {
      cells++;
      // A single quote or a delimiter left in a field shows that it is not one value.
      if (cellKind(field) !== "text" || /^[^",;|\t']*$/.test(field)) values++;
    }
  }
  let regular = 0;
  for (const [width, count] of widths) regular += count * (width - 1) / width;
  const pattern = regular / Math.max(1, filled.length) / Math.sqrt(Math.max(1, widths.size));
  return pattern * (values / Math.max(1, cells));
}

/** The number of fields that most rows have. */
export function usualWidth(rows: readonly LooseRow[]): number {
  const widths = new Map<number, number>();
  for (const { fields } of rows.filter(hasText)) {
    widths.set(fields.length, (widths.get(fields.length) ?? 0) + 1);
  }
  let [usual, most] = [1, 0];
  for (const [width, count] of widths) {
    if (count > most || count === most && width > usual) [usual, most] = [width, count];
  }
  return usual;
}
