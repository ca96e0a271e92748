import { formatCount } from "../../../base/count.ts";
import type { HeaderOptions } from "../../file_format.ts";
import { type CellKind, cellKind } from "../profile/cell_kind.ts";
import { hasText, type LooseRow } from "./csv_rows.ts";
import { usualWidth } from "./dialect.ts";

/** Where the header of a table is, and what of that is not certain. */
export interface HeaderLayout {
  options: HeaderOptions;
  notes: string[];
  unsure: string[];
}

/** The number of rows at the start of the file that may hold titles above the header. */
const MAX_PREAMBLE = 40;
const MAX_HEADER_ROWS = 4;
const UNIT =
  /^[[(]?(°[CFK]?|[kcmµd]?m([²³]|\/s)?|km\/h|mph|ft|in|[kmg]?g|[hk]?Pa|mbar|bar|%|[kM]?Wh?|[mk]?V|[mk]?A|s|ms|min|h|Hz|l|ml|EUR|USD|€|\$|K|C|F|ppm|unit|degC|mm\/h|W\/m²|-)[\])]?$/;

/**
 * Finds the header of a table: lines before it, the rows that form it, or that there is none.
 *
 * @param rows the first rows of the file; blank ones may be left out
 */
export function headerLayout(rows: readonly LooseRow[]): HeaderLayout {
  const notes: string[] = [];
  const unsure: string[] = [];
  const width = usualWidth(rows);
  const first = Math.max(
    0,
    rows.findIndex((row, i) => i < MAX_PREAMBLE && startsTable(row, width)),
  );
  const start = rows[first]!;
  const body = rows.slice(first + 1).filter(({ fields }) => fields.length === width);
  const options: HeaderOptions = {};
  const before = rows.slice(0, first).filter(hasText);
  // The reader drops blank lines and a line such as "sep=;" itself.
  const isMark = before.length === 1 && /^sep=/i.test(before[0]!.fields[0] ?? "");
  const skipped = before.length === 0 || isMark ? 0 : start.line - 1;
  if (!isHeader(start.fields, body)) {
    const names = Array.from({ length: width }, (_, i) => `column_${i + 1}`);
    unsure.push("the file seems to have no header: give its columns their names");
    return { options: { header: names, ...(skipped > 0 && { skip: skipped }) }, notes, unsure };
  }
  const count = headerRows(rows, first, width, body);
  if (skipped > 0) {
    options.skip = skipped;
    notes.push(`${formatCount(skipped, "line")} before the header`);
  }
  if (count > 1) {
    options.headerRows = count;
    notes.push(`the names of the columns are in ${count} rows, which are joined`);
  }
  const names = rows.slice(first, first + count);
  const joined = Array.from(
    { length: width },
    (_, i) => names.map(({ fields }) => fields[i] ?? "").join(" ").trim(),
  );
  if (joined.some((name) => name === "") || new Set(joined).size < joined.length) {
    options.uniqueNames = true;
    notes.push("columns without a name, or with the same name, get a number");
  }
  return { options, notes, unsure };
}

/** Whether a row has about as many values as the table has columns: not a title, not blank. */
function startsTable({ fields }: LooseRow, width: number): boolean {
  const filled = fields.filter((field) => field.trim() !== "").length;
  if (width === 1) return filled === 1;
  return fields.length >= width - 1 && filled >= Math.max(2, Math.ceil(width * 0.5)) &&
    fields.length <= width + 1;
}

/** Whether a row names the columns: it has no values, or other kinds of values than the rows below. */
function isHeader(fields: readonly string[], body: readonly LooseRow[]): boolean {
  const kinds = fields.map(cellKind);
  if (body.length === 0) return kinds.every((kind) => kind === "text");
  const below = fields.map((_, i) => usualKind(body, i));
  const isValue = (kind: CellKind) => kind !== "text" && kind !== "blank";
  if (kinds.some((kind, i) => kind === "text" && isValue(below[i]!))) return true;
  if (kinds.some(isValue)) return areYears(fields, kinds);
  // All columns are text: names are different from each other, and do not recur below.
  const named = fields.filter((_, i) => kinds[i] === "text");
  const recurs = fields.some((field, i) =>
    field.trim() !== "" && body.some((row) => row.fields[i] === field)
  );
  return new Set(named).size === named.length && !recurs && named.length > 0;
}

/** Names such as 1990, 1991, beside at least one word. */
function areYears(fields: readonly string[], kinds: readonly CellKind[]): boolean {
  const numbers = fields.filter((_, i) => kinds[i] === "number");
  return kinds.includes("text") && numbers.length > 1 &&
    numbers.every((text, i) => i === 0 || Number(text) - Number(numbers[i - 1]) === 1);
}

function usualKind(body: readonly LooseRow[], column: number): CellKind {
  const counts = new Map<CellKind, number>();
  for (const { fields } of body) {
    const kind = cellKind(fields[column] ?? "");
    if (kind !== "blank") counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  let [usual, most]: [CellKind, number] = ["blank", 0];
  for (const [kind, count] of counts) if (count > most) [usual, most] = [kind, count];
  return usual;
}

/** The number of rows that form the header: a second one has units, or parts of the names. */
function headerRows(
  rows: readonly LooseRow[],
  first: number,
  width: number,
  body: readonly LooseRow[],
): number {
  let count = 1;
  for (let next = first + 1; next < rows.length && count < MAX_HEADER_ROWS; next++, count++) {
    const { fields } = rows[next]!;
    if (fields.length < width - 1 || fields.length > width + 1) break;
    const below = body.slice(count);
    if (below.length === 0 || !continuesHeader(fields, below)) break;
  }
  return count;
}

function continuesHeader(fields: readonly string[], below: readonly LooseRow[]): boolean {
  const kinds = fields.map(cellKind);
  if (kinds.some((kind) => kind !== "text" && kind !== "blank")) return false;
  const filled = fields.filter((field) => field.trim() !== "");
  if (filled.length === 0) return false;
  const units = filled.filter((field) => UNIT.test(field.trim())).length;
  const mismatches = kinds.filter((kind, i) => {
    const usual = usualKind(below, i);
    return kind === "text" && usual !== "text" && usual !== "blank";
  }).length;
  return units * 2 > filled.length || mismatches > 0;
}
