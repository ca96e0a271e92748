import type { CsvSyntax } from "./csv_options.ts";

/**
 * What ends the records of a file, by its first line end outside quotes: a lone CR makes it a
 * classic-Mac file, everything else is LF with or without a CR before it.
 *
 * @param text the file from its start, as far as it is known
 * @param maxChars how far to look; without a line end until there it is LF
 * @param isWhole whether the file ends with the text
 * @returns null where more text is needed
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
