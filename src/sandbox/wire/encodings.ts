/**
 * The encodings that text files may have, and their labels. A label means what its standard says,
 * which is not always what a browser makes of it: browsers read "iso-8859-1" as windows-1252.
 *
 * @module
 */

/** Labels that the WHATWG lacks, or has under the name of a larger encoding. */
const OWN_LABELS: Readonly<Record<string, readonly string[]>> = {
  "us-ascii": ["ascii", "us-ascii", "ansi_x3.4-1968"],
  "iso-8859-1": ["latin1", "latin-1", "l1", "cp819", "ibm819", ...isoLabels(1, 100)],
  "iso-8859-9": ["latin5", "latin-5", "l5", "csisolatin5", ...isoLabels(9, 148)],
  "iso-8859-11": isoLabels(11),
  cp437: ["cp437", "ibm437", "437", "cspc8codepage437"],
  cp850: ["cp850", "ibm850", "850", "cspc850multilingual"],
  shift_jis: ["cp932"],
  gbk: ["cp936"],
  "euc-kr": ["cp949"],
  big5: ["cp950"],
};

/** The WHATWG has these for other uses than files. */
const NOT_FOR_FILES = new Set(["x-user-defined", "replacement"]);

/** The names that {@link encodingName} returns, for messages. */
export const ENCODINGS = "utf-8, utf-16le, utf-16be, us-ascii, iso-8859-1 to iso-8859-16, " +
  "windows-1250 to windows-1258, windows-874, cp437, cp850, ibm866, koi8-r, koi8-u, macintosh, " +
  "x-mac-cyrillic, shift_jis, euc-jp, iso-2022-jp, gbk, gb18030, big5, euc-kr";

/**
 * The name of the encoding with this label; null if it is not supported.
 *
 * @example
 * ```ts
 * encodingName("Latin1"); // "iso-8859-1"
 * encodingName("utf-9"); // null
 * ```
 */
export function encodingName(label: string): string | null {
  const lower = label.trim().toLowerCase();
  for (const [name, labels] of Object.entries(OWN_LABELS)) {
    if (labels.includes(lower)) return name;
  }
  try {
    const { encoding } = new TextDecoder(lower);
    return NOT_FOR_FILES.has(encoding) ? null : encoding;
  } catch {
    return null;
  }
}

function isoLabels(part: number, registration?: number): string[] {
  const labels = [`iso-8859-${part}`, `iso8859-${part}`, `iso8859${part}`, `iso_8859-${part}`];
  return registration === undefined ? labels : [...labels, `iso-ir-${registration}`];
}

/**
 * The encodings of an option: one, or several of which the first that fits the whole file is used.
 *
 * @example
 * ```ts
 * encodingsOf(undefined); // ["utf-8"]
 * ```
 */
export function encodingsOf(option: string | readonly string[] | undefined): readonly string[] {
  if (option === undefined) return ["utf-8"];
  return typeof option === "string" ? [option] : option;
}
