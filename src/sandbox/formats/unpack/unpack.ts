import { joinBytes } from "../../../base/bytes.ts";
import { Failure } from "../../../base/failure.ts";
import type { DeclaredFormat } from "../../wire/declaration.ts";
import type { NamePatterns } from "../../wire/file_patterns.ts";
import { chosenEntries, inQuotes, isWorkbook, refuseDocument } from "./archive.ts";
import { withCommas } from "../contract.ts";
import { checkKind, HEAD_BYTES } from "./file_kind.ts";
import { gunzip, looksGzip } from "./gzip.ts";
import { WholeFile } from "../whole_file.ts";
import { looksZip, openZip } from "./zip.ts";

/** A file and the limits on unpacking it. */
interface Packed extends NamePatterns {
  fileName: string;
  format: DeclaredFormat;
  /** Maximum size of the content, in bytes. */
  maxInputBytes: number;
  /** Maximum size of an archive, in bytes. */
  maxWholeBytes: number;
}

/** A piece of the file, the start of the next file of an archive, or a remark for the sender. */
export type Unpacked = Uint8Array | { entry: string } | { notice: string };

/** Content that may be compressed. */
interface Content {
  bytes: AsyncGenerator<Uint8Array>;
  /** The file's name, or its name in an archive. */
  name: string;
  /** What messages call it. */
  title: string;
  /** How many layers of compression were removed. */
  depth: number;
  /** Whether it is one of the files of an archive, which must not be archives. */
  isEntry: boolean;
}

/** Compressing twice is a common mistake; a hostile file may unpack to itself forever. */
const MAX_DEPTH = 3;
/** Maximum ratio of the content to the file over all layers, checked from 10 MB of content. */
const MAX_RATIO = 1_000;
const RATIO_COUNTS_FROM = 10 * 1024 * 1024;

/**
 * Decompresses a file, even if it is compressed twice. Gzip and zip are recognized by their first
 * bytes, and a file named .gz or .zip must be one. Excel files are zip archives themselves, so a module
 * that reads them takes archives only if their names end in .zip.
 *
 * @throws {Failure} those of {@link gunzip}, {@link openZip}, {@link chosenEntries},
 * {@link refuseDocument} and {@link checkKind}; `gzip-corrupt` and `zip-corrupt` for a wrong name,
 * `packed-too-deep`, `zip-nested`, `unpacked-too-large`, `whole-file-too-large`
 */
export async function* unpacked(
  source: AsyncGenerator<Uint8Array>,
  packed: Packed,
): AsyncGenerator<Unpacked> {
  // Programs receive the file unchanged.
  if (packed.format.kind === "program") return yield* source;
  const sizes = { packed: 0, content: 0 };
  const bytes = counted(source, sizes);
  const file = { bytes, name: packed.fileName, title: "the file", depth: 0, isEntry: false };
  for await (const piece of opened(file, packed)) {
    if (piece instanceof Uint8Array) {
      sizes.content += piece.length;
      checkSizes(sizes, packed.maxInputBytes);
    }
    yield piece;
  }
}

async function* counted(
  source: AsyncGenerator<Uint8Array>,
  sizes: { packed: number },
): AsyncGenerator<Uint8Array> {
  for await (const bytes of source) {
    sizes.packed += bytes.length;
    yield bytes;
  }
}

/** Checks the content of all layers and entries together; the layers have limits of their own. */
function checkSizes(sizes: { packed: number; content: number }, maxBytes: number): void {
  const { packed, content } = sizes;
  if (content <= packed) return;
  if (content > maxBytes) {
    const hint = "Split the file, or ask the operator to raise sandbox.max_unpacked_mb.";
    throw tooLarge(`more than ${withCommas(maxBytes)} bytes`, hint);
  }
  if (content > RATIO_COUNTS_FROM && content > packed * MAX_RATIO) {
    throw tooLarge(`more than ${withCommas(MAX_RATIO)} times its size`, "Send it uncompressed.");
  }
}

/** Removes one layer of compression, then the next. */
async function* opened(content: Content, packed: Packed): AsyncGenerator<Unpacked> {
  const { head, bytes } = await withHead(content.bytes);
  try {
    yield* unwrapped({ ...content, bytes }, head, packed);
  } finally {
    await content.bytes.return(undefined);
  }
}

async function* unwrapped(
  content: Content,
  head: Uint8Array,
  packed: Packed,
): AsyncGenerator<Unpacked> {
  const { format, maxInputBytes } = packed;
  const { bytes, name, title, depth, isEntry } = content;
  const isNamedZip = /\.zip$/i.test(name);
  const isZip = looksZip(head) && (isNamedZip || format.kind !== "xlsx");
  if (depth >= MAX_DEPTH && (isZip || looksGzip(head))) throw tooDeep(title);
  if (isZip && isEntry) throw nested(title);
  if (isZip) return yield* unzipped(content, packed);
  if (looksGzip(head)) {
    const inner = gunzip(bytes, { maxBytes: maxInputBytes });
    const innerName = name.replace(/\.gz$/i, "");
    const layer = { ...content, bytes: inner, name: innerName, depth: depth + 1 };
    return yield* opened(layer, packed);
  }
  if (head.length > 0 && isNamedZip) throw misnamed("zip", name);
  if (head.length > 0 && /\.gz$/i.test(name)) throw misnamed("gzip", name);
  checkKind(head, format, title);
  yield* bytes;
}

async function* unzipped(content: Content, packed: Packed): AsyncGenerator<Unpacked> {
  const { format, maxInputBytes, maxWholeBytes } = packed;
  const archive = new WholeFile("zip archives", maxWholeBytes);
  for await (const bytes of content.bytes) archive.push(bytes);
  const whole = archive.take();
  const limits = { maxBytes: maxInputBytes, setting: "sandbox.max_unpacked_mb" };
  const entries = await openZip(whole, limits);
  // Its name ends in .zip, but it is what the module reads.
  if (format.kind === "xlsx" && isWorkbook(entries)) return yield whole;
  refuseDocument(entries, format, content.title);
  const depth = content.depth + 1;
  const only = entries.length === 1 ? entries[0] : undefined;
  // An archive that was compressed once more.
  if (only && /\.zip$/i.test(only.name)) {
    const { name } = only;
    const layer = { bytes: only.content(), name, title: inArchive(name), depth, isEntry: false };
    return yield* opened(layer, packed);
  }
  const { chosen, notice } = chosenEntries(entries, content.name, packed);
  if (notice !== null) yield { notice };
  for (const { name, content: open } of chosen) {
    yield { entry: name };
    const layer = { bytes: open(), name, title: inArchive(name), depth, isEntry: true };
    yield* opened(layer, packed);
  }
}

/** Reads the first bytes of a source. @returns them, and all bytes including them */
async function withHead(
  source: AsyncGenerator<Uint8Array>,
): Promise<{ head: Uint8Array; bytes: AsyncGenerator<Uint8Array> }> {
  let first: Uint8Array = new Uint8Array(0);
  while (first.length < HEAD_BYTES) {
    const { value, done } = await source.next();
    if (done) break;
    first = first.length === 0 ? value : joinBytes(first, value);
  }
  const bytes = (async function* () {
    if (first.length > 0) yield first;
    yield* source;
  })();
  // A copy: whoever takes the first piece may transfer it.
  return { head: first.slice(0, HEAD_BYTES), bytes };
}

function inArchive(name: string): string {
  return `${inQuotes(name)} in the archive`;
}

function misnamed(what: "gzip" | "zip", name: string): Failure {
  const text = `Cannot decompress ${inQuotes(name)}: it is not ${what}`;
  return new Failure("refused", `${what}-corrupt`, text, {
    hint: `Compress the file with ${what}, or remove the ending .${what === "zip" ? what : "gz"}.`,
  });
}

function tooDeep(title: string): Failure {
  const text = `Cannot decompress ${title}: it is compressed more than ${MAX_DEPTH} times`;
  return new Failure("refused", "packed-too-deep", text, { hint: "Compress the file only once." });
}

function nested(title: string): Failure {
  return new Failure("refused", "zip-nested", `Cannot unpack ${title}: it is an archive too`, {
    hint: "Put the files themselves into one archive.",
  });
}

function tooLarge(state: string, hint: string): Failure {
  const text = `Cannot unpack the file: its content has ${state}`;
  return new Failure("refused", "unpacked-too-large", text, { hint });
}
