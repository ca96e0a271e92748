/**
 * Whether a module loads files of this name. `*` matches any text and `?` one character; case is
 * ignored, and so is the ending .gz or .zip.
 *
 * @example
 * ```ts
 * import { takesFile } from "./file_patterns.ts";
 * takesFile(["*.csv"], "Birds.CSV.gz"); // true
 * ```
 */
export function takesFile(patterns: readonly string[], fileName: string): boolean {
  const names = [fileName, fileName.replace(/\.(gz|zip)$/i, "")];
  return patterns.some((pattern) => names.some((name) => matches(pattern, name)));
}

// Not a RegExp: an untrusted pattern with many stars would make it backtrack for hours.
function matches(pattern: string, name: string): boolean {
  const want = [...pattern.toLowerCase()];
  const have = [...name.toLowerCase()];
  let star = -1;
  let resume = 0;
  let p = 0;
  for (let n = 0; n < have.length;) {
    if (want[p] === "*") {
      star = p++;
      resume = n;
    } else if (p < want.length && (want[p] === "?" || want[p] === have[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else return false;
  }
  while (want[p] === "*") p++;
  return p === want.length;
}
