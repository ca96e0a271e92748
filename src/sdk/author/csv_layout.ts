import type { CsvOptions } from "../csv.ts";
import { looseRows } from "./csv_rows.ts";
import { dialectOf } from "./dialect.ts";
import { headerLayout } from "./header_layout.ts";

/** How a CSV file is laid out, and what of it is not certain. */
export interface CsvLayout {
  options: CsvOptions;
  notes: string[];
  unsure: string[];
}

const ROWS = 300;

/**
 * Finds out how a CSV file is laid out from its start: delimiter, title lines, header rows, units,
 * comments, escapes.
 *
 * @param text the start of the file, whole lines
 */
export function csvLayout(text: string): CsvLayout {
  const comment = commentOf(text);
  const body = comment === null ? text : withoutComments(text, comment);
  const dialect = dialectOf(body);
  const rows = looseRows(body, dialect.delimiter, dialect.quote, ROWS);
  const { options: header, notes, unsure } = headerLayout(rows);
  const options: CsvOptions = {
    ...(dialect.delimiter !== "," && { delimiter: dialect.delimiter }),
    ...(dialect.quote !== '"' && { quote: dialect.quote }),
    ...header,
  };
  return { options, notes, unsure };
}

/** The mark of comment lines, such as "#"; null if there are none. */
function commentOf(text: string): string | null {
  const lines = text.split(/\r\n?|\n/, ROWS);
  const marked = lines.filter((line) => line.startsWith("#")).length;
  return marked > 0 && marked < lines.length / 2 && !/^#\w*[,;\t|]/.test(lines[0] ?? "")
    ? "#"
    : null;
}

function withoutComments(text: string, comment: string): string {
  return text.split("\n").filter((line) => !line.startsWith(comment)).join("\n");
}
