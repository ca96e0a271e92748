import type { CsvSyntax } from "./syntax.ts";

/** The line end of files that were converted from LF to CRLF twice. */
export const CRCRLF = "\r\r\n";

/**
 * The line end of a file, from its first line end outside quotes: a lone CR means classic Mac,
 * everything else means LF with an optional CR before it. If there is none outside quotes, the first
 * one within quotes decides.
 *
 * @param text the start of the file
 * @param maxChars how far to search; if there is no line end up to there, it is LF
 * @param isWhole whether the text is the whole file
 * @returns null if more text is needed
 */
export function firstLineEnd(
  text: string,
  { quote, delimiter }: CsvSyntax,
  maxChars: number,
  isWhole: boolean,
): "\n" | "\r" | typeof CRCRLF | null {
  const end = Math.min(text.length, maxChars + 1);
  const lastOfDelimiter = delimiter.at(-1);
  let inQuotes = false;
  let atFieldStart = true;
  let quoted: "\n" | "\r" | null = null;
  for (let index = 0; index < end; index++) {
    const char = text[index];
    const next = text[index + 1];
    if (next === undefined && !isWhole) return null;
    if (char === "\n" || char === "\r") {
      if (next === "\r" && text.length === index + 2 && !isWhole) return null;
      const found = char === "\n" || next === "\n"
        ? "\n"
        : text.startsWith(CRCRLF, index)
        ? CRCRLF
        : "\r";
      if (!inQuotes) return found;
      quoted ??= found === "\r" ? "\r" : "\n";
    } else if (inQuotes) {
      if (char !== quote) continue;
      if (next === quote) index++;
      else inQuotes = false;
    } else {
      inQuotes = atFieldStart && char === quote;
      atFieldStart = char === lastOfDelimiter;
    }
  }
  return isWhole || text.length > maxChars ? quoted ?? "\n" : null;
}
