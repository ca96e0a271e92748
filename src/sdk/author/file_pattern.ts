/** A month, a day or a number: what changes from one file to the next; not the number in "co2". */
const VARYING =
  /(?<![a-z\d])\d+([-_.T]\d+)*(?![a-z\d])|\d{4,}([-_.T]\d+)*|(?<![a-z])(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?![a-z])/gi;
const PACKED = /\.(gz|zip)$/i;

/**
 * A narrow pattern for the names of files: what varies becomes `*`.
 *
 * @param names at least one name
 * @returns one or more patterns
 *
 * @example
 * ```ts
 * import { filePatterns } from "./file_pattern.ts";
 * filePatterns(["sales_2024-01.csv", "sales_2024-02.csv.gz"]); // ["sales_*.csv"]
 * ```
 */
export function filePatterns(names: readonly string[]): string[] {
  const patterns = new Set(names.map((name) => patternOf(name.replace(PACKED, ""))));
  if (patterns.size === 1) return [...patterns];
  const byExtension = Map.groupBy(patterns, extensionOf);
  return [...byExtension.values()].map(common);
}

function patternOf(name: string): string {
  const extension = extensionOf(name);
  const base = name.slice(0, name.length - extension.length);
  const varying = base.replaceAll(VARYING, "*").replaceAll(/\*[*_-]*\*/g, "*");
  // "2024.csv": the whole name varies.
  return (varying === "" ? "*" : varying) + extension;
}

function extensionOf(name: string): string {
  return /\.[A-Za-z]\w*$/.exec(name)?.[0] ?? "";
}

/** The longest common start and end of several patterns, with `*` between them. */
function common(patterns: readonly string[]): string {
  const first = patterns[0]!;
  if (patterns.length === 1) return first;
  const shortest = Math.min(...patterns.map((pattern) => pattern.length));
  let start = 0;
  while (start < shortest && patterns.every((each) => each[start] === first[start])) start++;
  let end = 0;
  while (
    end < shortest - start && patterns.every((each) => each.at(-1 - end) === first.at(-1 - end))
  ) end++;
  return `${first.slice(0, start)}*${first.slice(first.length - end)}`.replaceAll(/\*+/g, "*");
}
