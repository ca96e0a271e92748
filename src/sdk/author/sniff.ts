import { csv, type CsvFormat } from "../csv.ts";
import { json, type JsonFormat } from "../json.ts";
import { jsonl, type JsonlFormat } from "../jsonl.ts";

const DELIMITERS = [",", ";", "\t", "|"];
const LINES = 20;

/**
 * Guesses the format of a file from its start.
 *
 * @param start the first text of the file, cut anywhere
 * @param encoding a WHATWG label
 *
 * @example
 * ```ts
 * import { sniffFormat } from "./sniff.ts";
 * sniffFormat("a;b\n1;2\n", "utf-8").options; // { header: true, delimiter: ";" }
 * ```
 */
export function sniffFormat(start: string, encoding: string): CsvFormat | JsonFormat | JsonlFormat {
  const options = encoding === "utf-8" ? {} : { encoding };
  if (/^\s*\[\s*\{/.test(start)) return json(options);
  if (/^\s*\{/.test(start)) return jsonl(options);
  const delimiter = delimiterOf(start);
  const first = start.split(/\r\n?|\n/, 1)[0] ?? "";
  const names = first.split(delimiter).map((name) => name.replaceAll('"', "").trim());
  return csv({
    header: looksLikeHeader(names),
    ...(delimiter !== "," && { delimiter }),
    ...options,
  });
}

/** Returns the delimiter that occurs equally often in every line, and more often than the others. */
function delimiterOf(start: string): string {
  let best = ",";
  let most = 0;
  for (const delimiter of DELIMITERS) {
    const counts = countsOf(start, delimiter);
    const least = Math.min(...counts);
    if (least > most && least === Math.max(...counts)) [best, most] = [delimiter, least];
  }
  return best;
}

/** Counts a character outside quotes in each of the first lines. */
function countsOf(start: string, delimiter: string): number[] {
  const counts = [0];
  let quoted = false;
  for (const character of start) {
    if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === "\n") counts.push(0);
    else if (character === delimiter) counts[counts.length - 1]!++;
    if (counts.length > LINES) break;
  }
  // The last line may be cut, or be empty after the last line end.
  return counts.length > 1 ? counts.slice(0, -1) : counts;
}

function looksLikeHeader(names: string[]): boolean {
  const isNumber = (text: string) => /^[+-]?[\d.,:/-]+$/.test(text);
  return names.every((name) => name !== "" && !isNumber(name)) &&
    new Set(names).size === names.length;
}
