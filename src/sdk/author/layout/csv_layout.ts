import type { CsvOptions } from "../../csv.ts";
import { hasText, type LooseRow, looseRows } from "./csv_rows.ts";
import { dialectOf, usualWidth } from "./dialect.ts";
import { footerOf } from "./csv_footer.ts";
import { headerLayout } from "./header_layout.ts";

/** How a CSV file is laid out, and what of it is not certain. */
export interface CsvLayout {
  options: CsvOptions;
  notes: string[];
  unsure: string[];
}

const ROWS = 300;
/** Half of the records show that blanks around fields are a habit of the writer. */
const MIN_SPACED_SHARE = 0.5;

/**
 * Finds out how a CSV file is laid out from its start and its end: delimiter, quote, escape, title
 * lines, header rows, comments, footers.
 *
 * @param start the start of the file, whole lines
 * @param end the end of the file, whole lines
 */
export function csvLayout(start: string, end: string): CsvLayout {
  const comment = commentOf(start);
  const plain = start.replaceAll("\r\r\n", "\n");
  const body = comment === null ? plain : withoutComments(plain, comment);
  const dialect = dialectOf(body);
  const { delimiter, quote, escape } = dialect;
  const isSpaced = areSpaced(looseRows(body, dialect, ROWS));
  const text = isSpaced ? body.replaceAll(`${delimiter} `, delimiter) : body;
  const rows = looseRows(text, dialect, ROWS);
  const isTrailed = areTrailed(rows);
  const table = isTrailed ? rows.map(withoutLast) : rows;
  const { options: header, notes, unsure } = headerLayout(table);
  const footer = footerOf(looseRows(end, dialect, ROWS), usualWidth(table));
  const options: CsvOptions = {
    ...(delimiter !== "," && { delimiter }),
    ...(quote !== '"' && { quote }),
    ...(escape !== quote && { escape }),
    ...(/\r\r\n/.test(start) && { lineEnd: "\r\r\n" }),
    ...(comment !== null && { comment }),
    ...(isSpaced && { trim: true }),
    ...(isTrailed && { trailingDelimiter: true }),
    ...header,
    ...footer?.options,
  };
  if (comment !== null) notes.push(`lines that start with ${comment} are comments`);
  if (isTrailed) notes.push("lines end with a delimiter");
  if (footer) notes.push(footer.note);
  return { options, notes, unsure };
}

/** Whether delimiters are followed by a blank: `a, b, "c"`. */
function areSpaced(rows: readonly LooseRow[]): boolean {
  const wide = rows.filter(({ fields }) => fields.length > 1);
  const spaced = wide.filter(({ fields }) => /^ [^ ]/.test(fields[1]!));
  const names = wide[0]?.fields.slice(1) ?? [];
  return wide.length > 1 && spaced.length > wide.length * MIN_SPACED_SHARE &&
    names.every((name) => name === "" || name.startsWith(" "));
}

/** Whether lines end with a delimiter: the last field has neither a name nor values. */
function areTrailed(rows: readonly LooseRow[]): boolean {
  const filled = rows.filter(hasText);
  const width = usualWidth(filled);
  const header = filled.find(({ fields }) => fields.length >= width - 1)?.fields ?? [];
  const isNamed = header.length === width && header[width - 1]!.trim() !== "";
  const usual = filled.filter(({ fields }) => fields.length === width);
  const isHeaderTrailed = header.length > width && header.at(-1)!.trim() === "";
  if (width < 2 || isNamed) return false;
  return isHeaderTrailed || usual.every(({ fields }) => fields[width - 1]!.trim() === "");
}

function withoutLast(row: LooseRow): LooseRow {
  const isTrailed = row.fields.length > 1 && row.fields.at(-1) === "";
  return isTrailed ? { line: row.line, fields: row.fields.slice(0, -1) } : row;
}

/** The mark of comment lines, such as "#"; null if there are none. */
function commentOf(text: string): string | null {
  const lines = text.split(/\r\n?|\n/, ROWS);
  const marked = lines.filter((line) => line.startsWith("#")).length;
  const isName = /^#\w*[,;\t|]/.test(lines[0] ?? "");
  return marked > 0 && marked < lines.length / 2 && !isName ? "#" : null;
}

/** Blank lines in their place keep the numbers of the others. */
function withoutComments(text: string, comment: string): string {
  return text.split("\n").map((line) => line.startsWith(comment) ? "" : line).join("\n");
}
