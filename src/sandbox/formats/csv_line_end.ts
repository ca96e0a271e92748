import type { CsvSyntax } from "./csv_options.ts";

/**
 * The line end of a file, from its first line end outside quotes: a lone CR means classic Mac,
 * everything else means LF with an optional CR before it.
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
): "\n" | "\r" | null {
  const end = Math.min(text.length, maxChars + 1);
  let inQuotes = false;
  let atFieldStart = true;
  for (let index = 0; index < end; index++) {
    const char = text[index];
    const next = text[index + 1];
    if (next === undefined && !isWhole) return null;
    if (inQuotes) {
      if (char !== quote) continue;
      if (next === quote) index++;
      else inQuotes = false;
    } else if (char === "\n") {
      return "\n";
    } else if (char === "\r") {
      return next === "\n" ? "\n" : "\r";
    } else {
      inQuotes = atFieldStart && char === quote;
      atFieldStart = char === delimiter;
    }
  }
  return isWhole || text.length > maxChars ? "\n" : null;
}
