/** What decides by its name whether a module loads a file: a part of its declaration. */
export interface NamePatterns {
  /** Patterns of file names. */
  files: readonly string[];
  /** Patterns of the files within an archive; without them, `files` apply. */
  entries?: readonly string[] | undefined;
  format: { readonly kind: string };
}

const PACKED = /\.(gz|zip)$/i;
/** Maximum number of endings .gz and .zip that a pattern can leave out. */
const MAX_ENDINGS = 4;
/** A pattern that still names one kind of file without its ending .zip: `*.csv.zip`. */
const KIND_OF_FILE = /\.[^.*?]+$/;

/**
 * Whether a module may load a file of this name. The endings .gz and .zip may be missing in a pattern.
 * A name that ends in .zip does not say what the archive contains, so it is refused only if all
 * patterns name archives; what is in it is checked once it is opened.
 *
 * @example
 * ```ts
 * import { takesFile } from "./file_patterns.ts";
 * const module = { files: ["*.csv"], format: { kind: "csv" } };
 * takesFile(module, "Birds.CSV.gz"); // true
 * takesFile(module, "birds.zip"); // true
 * ```
 */
export function takesFile({ files, format }: NamePatterns, fileName: string): boolean {
  if (matchesName(files, fileName)) return true;
  // A program receives the archive itself.
  if (format.kind === "program" || !/\.zip$/i.test(fileName)) return false;
  return files.some((pattern) => !/\.zip$/i.test(pattern));
}

/**
 * The patterns of the files that a module loads from an archive. A pattern with a "/" is for the whole
 * path in the archive.
 */
export function entryPatterns({ entries, files }: NamePatterns): readonly string[] {
  return entries ?? files.map((pattern) => {
    const inner = pattern.replace(/\.zip$/i, "");
    return KIND_OF_FILE.test(inner) ? inner : pattern;
  });
}

/** Whether a module loads this file of an archive. @param path its name in the archive */
export function takesEntry(patterns: readonly string[], path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return patterns.some((pattern) => matchesName([pattern], pattern.includes("/") ? path : name));
}

/**
 * Whether a name, with or without its endings .gz and .zip, matches a pattern: `*` stands for any text
 * and `?` for one character; case is ignored.
 */
export function matchesName(patterns: readonly string[], fileName: string): boolean {
  const names = [fileName];
  for (let name = fileName; PACKED.test(name) && names.length <= MAX_ENDINGS;) {
    names.push(name = name.replace(PACKED, ""));
  }
  return patterns.some((pattern) => names.some((name) => matchesPattern(pattern, name)));
}

/** Whether a text matches a pattern as a whole: `*` is any text, `?` one character; case is ignored. */
export function matchesPattern(pattern: string, text: string): boolean {
  // Not a RegExp: an untrusted pattern with many stars would make it backtrack for hours.
  const want = [...pattern.toLowerCase()];
  const have = [...text.toLowerCase()];
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
