import { type CsvText, UNFINISHED } from "./text.ts";

/**
 * Whether the lines of a well-formed quoted field look like records, so that its quotes are stray ones.
 * They do if, with the quotes taken as text,
 * - each of the lines, the first and last of the record included, has as many fields as the header;
 * - in the lines after the first, no delimiter is followed by a blank, as it is in prose;
 * - in each of these lines, more than half of the fields are of the same kind as those of the first
 *   line: with letters, with digits only, or neither, and not all of these neither;
 * - there are at least two of these lines, if the header has only two columns.
 *
 * So an address, a comment or an embedded table of another width is never taken for records.
 *
 * @returns the number of lines after the first, 0 if they do not, UNFINISHED if more text is needed
 */
export function lookLikeRecords(
  text: CsvText,
  start: number,
  open: number,
  close: number,
  before: readonly (string | null)[],
  width: number,
): number {
  const { value, lineEnd, syntax } = text;
  if (width < 2 || before.length >= width) return 0;
  const firstEnd = value.indexOf(lineEnd, open);
  // Most fields over several lines are ruled out here: the first line has too few delimiters.
  if (before.length + 1 + countOf(value, syntax.delimiter, open, firstEnd) < width) return 0;
  const first = [...before, ...fieldsOf(lineOf(text, open + 1, firstEnd), syntax)];
  if (first.length !== width) return 0;
  const kinds = first.map(kindOf);
  let lines = 0;
  let from = firstEnd + 1;
  for (;;) {
    const found = value.indexOf(lineEnd, from);
    if (found < 0 && !text.isWhole && value.length - start <= text.maxChars) return UNFINISHED;
    const end = found < 0 ? value.length : found;
    // A record over the limit is rejected anyway.
    if (end - start > text.maxChars) return 0;
    const fields = fieldsOf(lineOf(text, from, end), syntax);
    if (!isRecord(fields, width, syntax.trim) || !isAlike(fields, kinds)) return 0;
    lines++;
    if (end > close) break;
    from = end + 1;
  }
  return width === 2 && lines < 2 ? 0 : lines;
}

/** Whether most lines that are between two positions as a whole have as many fields as the header. */
export function mostAreRecords(text: CsvText, open: number, to: number, width: number): boolean {
  const { value, lineEnd, syntax } = text;
  let lines = 0;
  let records = 0;
  let from = value.indexOf(lineEnd, open) + 1;
  if (width < 2 || from === 0) return false;
  for (let end = value.indexOf(lineEnd, from); end >= 0 && end < to;) {
    lines++;
    if (isRecord(fieldsOf(lineOf(text, from, end), syntax), width, syntax.trim)) records++;
    from = end + 1;
    end = value.indexOf(lineEnd, from);
  }
  return 2 * records > lines;
}

function countOf(text: string, needle: string, from: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf(needle, from); at >= 0 && at < end; count++) {
    at = text.indexOf(needle, at + needle.length);
  }
  return count;
}

function lineOf(text: CsvText, from: number, end: number): string {
  return text.value.slice(from, text.endsInCrlf(from, end) ? end - 1 : end);
}

/** The fields of a line by itself: a quote that encloses no field is text. */
function fieldsOf(
  line: string,
  { delimiter, quote }: { delimiter: string; quote: string },
): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const close = quote !== "" && line[at] === quote ? closingQuote(line, at, quote) : -1;
    const end = close + 1;
    const isQuoted = close > 0 && (end === line.length || line.startsWith(delimiter, end));
    const found = isQuoted ? (end === line.length ? -1 : end) : line.indexOf(delimiter, at);
    if (found < 0) {
      fields.push(line.slice(at));
      return fields;
    }
    fields.push(line.slice(at, found));
    at = found + delimiter.length;
  }
}

function closingQuote(line: string, open: number, quote: string): number {
  let close = line.indexOf(quote, open + 1);
  while (close >= 0 && line[close + 1] === quote) close = line.indexOf(quote, close + 2);
  return close;
}

function isRecord(fields: readonly string[], width: number, trims: boolean): boolean {
  if (fields.length !== width) return false;
  return trims || !fields.some((field, index) => index > 0 && field.startsWith(" "));
}

type Kind = "letters" | "digits" | "neither";

function kindOf(field: string | null): Kind {
  if (field === null) return "neither";
  return /\p{L}/u.test(field) ? "letters" : /\d/.test(field) ? "digits" : "neither";
}

function isAlike(fields: readonly string[], kinds: readonly Kind[]): boolean {
  const same = kinds.filter((kind, index) => kindOf(fields[index]!) === kind);
  return 2 * same.length > kinds.length && same.some((kind) => kind !== "neither");
}
