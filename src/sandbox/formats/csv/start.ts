import { otherDelimiter, unknownDelimiter } from "./failures.ts";
import type { CsvSyntax } from "./syntax.ts";
import { LineSkipper } from "./line_skipper.ts";

/** Enough text for a line `sep=;`. */
const SEPARATOR_LINE_CHARS = 16;
/** How much text decides which delimiter a file has. */
const SAMPLE_CHARS = 64 * 1024;
const DELIMITERS = [",", ";", "\t", "|"];

/** The text where records begin, and what the start of the file said about them. */
export interface CsvBody {
  syntax: CsvSyntax;
  /** The line at which the text begins. */
  line: number;
  text: string;
}

/**
 * Reads the start of a file: drops the lines before the header and a line `sep=;`, and determines the
 * delimiter if it is "auto".
 */
export class CsvStart {
  readonly #syntax: CsvSyntax;
  readonly #skipper: LineSkipper;
  #text = "";

  constructor(syntax: CsvSyntax) {
    this.#syntax = syntax;
    this.#skipper = new LineSkipper(syntax.skip);
  }

  /**
   * @returns null if more text is needed
   * @throws {Failure} `csv-delimiter`
   */
  push(text: string, isWhole: boolean): CsvBody | null {
    const { skip, delimiter } = this.#syntax;
    this.#text += this.#skipper.left === 0 ? text : this.#skipper.push(text);
    if (isWhole && this.#skipper.left > 0) this.#text = this.#skipper.end();
    const isAuto = delimiter === "auto";
    const needed = isAuto ? SAMPLE_CHARS : SEPARATOR_LINE_CHARS;
    const isEnough = this.#skipper.left === 0 && this.#text.length >= needed;
    if (!isWhole && !isEnough) return null;
    // Lines that the author skips are not interpreted.
    const found = skip > 0 ? null : /^"?sep=([^\r\n])"?(?:\r\r?\n|\n|\r|$)/i.exec(this.#text);
    const said = found?.[1];
    if (said !== undefined && !isAuto && said !== delimiter) throw otherDelimiter(said, delimiter);
    const body = this.#text.slice(found?.[0].length ?? 0);
    const known = isAuto ? said ?? delimiterOf(body, isWhole, this.#syntax) : delimiter;
    const line = 1 + skip + (found === null ? 0 : 1);
    return { syntax: { ...this.#syntax, delimiter: known }, line, text: body };
  }
}

/**
 * The delimiter with which most records have as many fields as the header, and at least two. If no
 * delimiter occurs in the header, it is a comma: the file has one column.
 *
 * @throws {Failure} `csv-delimiter` if less than half of the records fit to any delimiter
 */
function delimiterOf(text: string, isWhole: boolean, syntax: CsvSyntax): string {
  const sample = text.slice(0, SAMPLE_CHARS);
  let best = { delimiter: ",", share: 0, width: 1 };
  let isFound = false;
  for (const delimiter of DELIMITERS) {
    const records = fieldsOf(sample, delimiter, syntax);
    if (!isWhole || text.length > SAMPLE_CHARS) records.pop();
    const { width, from } = headerOf(records, syntax);
    if (width < 2) continue;
    isFound = true;
    const rest = records.slice(from);
    const fit = rest.filter((fields) => fields.length === width).length;
    const share = rest.length === 0 ? 1 : fit / rest.length;
    const isBetter = share > best.share || (share === best.share && width > best.width);
    if (isBetter) best = { delimiter, share, width };
  }
  if (isFound && best.share < 0.5) throw unknownDelimiter(DELIMITERS);
  return best.delimiter;
}

/** The number of fields in the header, and the record at which the data begins. */
function headerOf(
  records: readonly string[][],
  { header: { header = true, skipTo } }: CsvSyntax,
): { width: number; from: number } {
  if (skipTo !== undefined) {
    const at = records.findIndex((fields) => skipTo.every((name) => fields.includes(name)));
    return { width: records[at]?.length ?? 0, from: at + 1 };
  }
  if (typeof header !== "boolean") return { width: header.length, from: 0 };
  return { width: records[0]?.length ?? 0, from: 1 };
}

/** The fields of each line that is not blank; lines and delimiters within quotes do not count. */
function fieldsOf(text: string, delimiter: string, { quote, comment }: CsvSyntax): string[][] {
  const records: string[][] = [[]];
  let from = 0;
  let inQuotes = false;
  const add = (end: number) => {
    const field = text.slice(from, end).replace(/\r$/, "");
    const isQuoted = quote !== "" && field.length > 1 && field[0] === quote &&
      field.at(-1) === quote;
    records.at(-1)!.push(isQuoted ? field.slice(1, -1) : field);
    from = end + 1;
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === quote && (inQuotes || at === from)) inQuotes = !inQuotes;
    else if (inQuotes) continue;
    else if (char === delimiter) add(at);
    else if (char === "\n" || (char === "\r" && text[at + 1] !== "\n")) {
      add(at);
      records.push([]);
    }
  }
  add(text.length);
  const isComment = (first = "") => comment !== "" && first.startsWith(comment);
  return records.filter((fields) =>
    (fields.length > 1 || fields[0] !== "") && !isComment(fields[0])
  );
}
