/**
 * Recognizes what a file is by its first bytes, to say so when the module reads another format. A file
 * that could be text in the module's format is never refused.
 *
 * @module
 */
import { Failure } from "../../../base/failure.ts";
import type { DeclaredFormat } from "../../wire/declaration.ts";
import { encodingsOf } from "../../wire/encodings.ts";
import { isObject } from "../json/value.ts";
import { isTextFormat, type TextFormat } from "../../wire/text_format.ts";

/** How many of a file's first bytes {@link checkKind} needs to recognize every kind. */
export const HEAD_BYTES = 4096;

/** What a file is, as a continuation of "it is …", and how to send or read it instead. */
export interface FileKind {
  what: string;
  hint: string;
}

interface Signature extends FileKind {
  /** The first bytes, one a character. */
  starts: string;
  /** The position of `starts` in the file. @default 0 */
  at?: number;
  /** Tells the format from text that starts with the same letters. */
  test?: (start: string) => boolean;
}

const UNPACK = "Unpack it and send the files, or compress them with zip or gzip.";
const EXPORT = "Export the data in the format that the module reads.";
const SAVE = "Save it as .xlsx for a module with `xlsx()`, or export it as CSV.";

export const EXCEL: FileKind = {
  what: "an Excel workbook",
  hint: "Export the sheet as CSV, or read it with `xlsx()`.",
};

// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x08\x0e-\x1a\x1c-\x1f]/;
/** Letters that also begin a text, followed by bytes that no text has. */
const isBinary = (start: string) => CONTROL.test(start.slice(0, 64));

const SIGNATURES: readonly Signature[] = [
  {
    starts: "PAR1",
    test: isBinary,
    what: "a Parquet file",
    hint: "Read it with `parquet()`, or export it in the format that the module reads.",
  },
  {
    starts: "Obj\x01",
    what: "an Avro file",
    hint: "Read it with `avro()`, or export it in the format that the module reads.",
  },
  { starts: "ORC", test: isBinary, what: "an ORC file", hint: EXPORT },
  { starts: "ARROW1\0\0", what: "an Arrow file", hint: EXPORT },
  { starts: "FEA1", test: isBinary, what: "a Feather file", hint: EXPORT },
  { starts: "SQLite format 3\0", what: "a SQLite database", hint: EXPORT },
  { starts: "\x89HDF\r\n\x1a\n", what: "an HDF5 file", hint: EXPORT },
  {
    starts: "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    what: "an old Excel workbook (.xls), or one with a password",
    hint: SAVE,
  },
  { starts: "%PDF-", test: (start) => /^%PDF-\d\.\d/.test(start), what: "a PDF", hint: EXPORT },
  { starts: "{\\rtf1", what: "an RTF document", hint: EXPORT },
  { starts: "\x89PNG\r\n\x1a\n", what: "a PNG image", hint: EXPORT },
  { starts: "\xff\xd8\xff", test: isBinary, what: "a JPEG image", hint: EXPORT },
  { starts: "BZh", test: (start) => /^BZh[1-9]1AY&SY/.test(start), ...packed("bzip2") },
  { starts: "\xfd7zXZ\0", ...packed("xz") },
  { starts: "(\xb5/\xfd", ...packed("Zstandard") },
  { starts: "7z\xbc\xaf\x27\x1c", ...packed("7-Zip") },
  { starts: "Rar!\x1a\x07", ...packed("RAR") },
  { starts: "\x04\x22M\x18", ...packed("LZ4") },
  { starts: "\x1f\x9d", ...packed("compress (.Z)") },
  {
    starts: "ustar",
    at: 257,
    test: (start) => start.slice(0, 257).includes("\0"),
    what: "a tar archive",
    hint: UNPACK,
  },
];

function packed(by: string): FileKind {
  return { what: `compressed with ${by}`, hint: UNPACK };
}

const ENCODING_HINT = (encoding: string) =>
  `Set the encoding in the module's format, such as \`csv({ encoding: "${encoding}" })\`, ` +
  "or save the file as UTF-8.";

/**
 * Checks that a file, unpacked, can be in the module's format.
 *
 * @param head its first {@link HEAD_BYTES} bytes, or all of a shorter file
 * @param name the name for messages: `the file`, or that of an entry in an archive
 * @throws {Failure} `wrong-format`
 */
export function checkKind(head: Uint8Array, format: DeclaredFormat, name: string): void {
  if (head.length === 0) return;
  const kind = kindOf(head);
  if (isOwnKind(kind, format)) return;
  const other = kind ?? (isTextFormat(format) ? otherText(head, format) : textAsBinary(head));
  if (other !== null) throw wrongFormat(other, format, name);
}

/** The failure for a file of another kind than the module reads. */
export function wrongFormat(kind: FileKind, format: DeclaredFormat, name: string): Failure {
  const text = `Cannot read ${name}: it is ${kind.what}, the module reads ${nameOf(format)}`;
  return new Failure("refused", "wrong-format", text, { hint: kind.hint });
}

function kindOf(head: Uint8Array): FileKind | null {
  const start = latin1(head.subarray(0, 512));
  return SIGNATURES.find(({ starts, at = 0, test }) =>
    start.startsWith(starts, at) && (test?.(start) ?? true)
  ) ?? null;
}

function isOwnKind(kind: FileKind | null, { kind: format }: DeclaredFormat): boolean {
  return kind?.what === "a Parquet file" && format === "parquet" ||
    kind?.what === "an Avro file" && format === "avro";
}

/** Text that is certainly not in the format, or in another encoding. */
function otherText(head: Uint8Array, format: TextFormat): FileKind | null {
  const declared = encodingsOf(format.options.encoding);
  const utf16 = declared.some((name) => /^utf-?(16|32)/i.test(name)) ? null : noMark(head);
  if (utf16 !== null) {
    return { what: `${utf16.toUpperCase()} text without a mark`, hint: ENCODING_HINT(utf16) };
  }
  return markup(head) ?? (format.kind === "csv" ? jsonAsCsv(head, format) : null);
}

/**
 * UTF-16 without a byte order mark: at least every second character is ASCII, so its other byte is
 * zero. Damaged text has zeros anywhere.
 */
function noMark(head: Uint8Array): "utf-16le" | "utf-16be" | null {
  const bytes = head.subarray(0, 512);
  if (bytes.length < 4 || bytes[0] === 0xff && bytes[1] === 0xfe) return null;
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return null;
  const zeros = [0, 0];
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === 0) zeros[at % 2]!++;
  const [even = 0, odd = 0] = zeros;
  if (even + odd < bytes.length / 4) return null;
  return even === 0 ? "utf-16le" : odd === 0 ? "utf-16be" : null;
}

/** A web page, or another document with tags: neither CSV nor JSON starts like this. */
function markup(head: Uint8Array): FileKind | null {
  const start = textOf(head);
  if (/^<(!doctype\s+html|html)[\s>]/i.test(start)) {
    return { what: "a web page (HTML)", hint: "Check the download: it may need a sign-in." };
  }
  return start.startsWith("<?xml ") ? { what: "an XML document", hint: EXPORT } : null;
}

/** JSON instead of a CSV file with a header: names like these are not those of columns. */
function jsonAsCsv(head: Uint8Array, { options }: DeclaredFormat): FileKind | null {
  const { header = true, skip, skipTo } = options as Record<string, unknown>;
  if (header !== true || skip !== undefined || skipTo !== undefined) return null;
  const start = textOf(head);
  const isArray = /^\[\s*\{\s*"[^"\n]*"\s*:/.test(start);
  const isRecord = /^\{\s*\n\s*"[^"\n]*"\s*:/.test(start) || isJsonLine(start);
  if (!isArray && !isRecord) return null;
  return { what: "JSON", hint: "Read it with `json()` or `jsonl()`, or export it as CSV." };
}

/** Whether the first line, as a whole, is a JSON object; a longer one only if it looks like one. */
function isJsonLine(start: string): boolean {
  const end = start.indexOf("\n");
  if (end < 0 && start.length >= HEAD_BYTES / 4) return /^\{"[^"\n]*":\s*["{[\d]/.test(start);
  try {
    return isObject(JSON.parse(end < 0 ? start : start.slice(0, end)));
  } catch {
    return false;
  }
}

/** Text in place of a binary format. */
function textAsBinary(head: Uint8Array): FileKind | null {
  const text = markup(head);
  if (text !== null) return text;
  const isText = !CONTROL.test(latin1(head.subarray(0, 512)));
  return isText ? { what: "text", hint: "Send the file itself, or change the format." } : null;
}

/** The start of a text without its byte order mark and blanks. */
function textOf(head: Uint8Array): string {
  return new TextDecoder().decode(head).trimStart();
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function nameOf({ kind, options }: DeclaredFormat): string {
  switch (kind) {
    case "csv":
      return (options as { delimiter?: string }).delimiter === "\t" ? "TSV" : "CSV";
    case "jsonl":
      return "JSON Lines";
    case "json":
      return "JSON";
    case "xlsx":
      return "Excel workbooks (.xlsx)";
    case "parquet":
      return "Parquet";
    case "avro":
      return "Avro";
    case "program":
      return "any file";
  }
}
