import { Failure } from "../../base/failure.ts";
import type { DeclaredFormat } from "../wire/declaration.ts";
import { takesFile } from "../wire/file_patterns.ts";
import { gunzip, looksGzip } from "./gzip.ts";
import { WholeFile } from "./whole_file.ts";
import { looksZip, openZip, type ZipEntry } from "./zip.ts";

/** A file and the limits on unpacking it. */
interface Packed {
  fileName: string;
  format: DeclaredFormat;
  /** The module's file patterns. */
  files: readonly string[];
  /** Maximum size of the content, in bytes. */
  maxInputBytes: number;
  /** Maximum size of an archive, in bytes. */
  maxWholeBytes: number;
}

/** A piece of the file, the start of the next file of an archive, or a remark for the sender. */
type Unpacked = Uint8Array | { entry: string } | { notice: string };

/** Files that operating systems add to archives. */
const SYSTEM_FILES = /(^|\/)(__MACOSX\/|\.|Thumbs\.db$|desktop\.ini$)/i;

/**
 * Decompresses a file. Gzip and zip are recognised by their first bytes, and a file named .gz or .zip
 * must be one. Excel files are zip archives themselves, so they count as packed only by their name.
 *
 * @throws {Failure} those of {@link gunzip} and {@link openZip}, `zip-empty`, `zip-foreign-entry`,
 * `zip-nested`, `whole-file-too-large`
 */
export async function* unpacked(
  source: AsyncGenerator<Uint8Array>,
  packed: Packed,
): AsyncGenerator<Unpacked> {
  // Programs receive the file unchanged.
  if (packed.format.kind === "program") return yield* source;
  const first = await source.next();
  if (first.done) return;
  const whole = (async function* () {
    yield first.value;
    yield* source;
  })();
  const { fileName, format, maxInputBytes } = packed;
  const isNamedZip = /\.zip$/i.test(fileName);
  if (looksGzip(first.value)) yield* gunzip(whole, { maxBytes: maxInputBytes });
  else if (looksZip(first.value) && (isNamedZip || format.kind !== "xlsx")) {
    yield* unzipped(whole, packed);
  } else if (isNamedZip) throw misnamed("zip", fileName);
  else if (/\.gz$/i.test(fileName)) throw misnamed("gzip", fileName);
  else yield* whole;
}

async function* unzipped(
  source: AsyncIterable<Uint8Array>,
  { format, files, maxInputBytes, maxWholeBytes }: Packed,
): AsyncGenerator<Unpacked> {
  const archive = new WholeFile("zip archives", maxWholeBytes);
  for await (const bytes of source) archive.push(bytes);
  const limits = { maxBytes: maxInputBytes, setting: "sandbox.max_unpacked_mb" };
  const all = await openZip(archive.take(), limits);
  const entries = all.filter(({ name }) => !SYSTEM_FILES.test(name));
  if (entries.length === 0) throw emptyArchive();
  const foreign = entries.find(({ name }) => !takesFile(files, baseName(name)));
  if (foreign && entries.length > 1) throw foreignEntry(foreign, files);
  for (const { name, content } of entries) {
    yield { entry: name };
    let isFirst = true;
    for await (const bytes of content()) {
      const isPacked = looksGzip(bytes) || (looksZip(bytes) && format.kind !== "xlsx");
      if (isFirst && isPacked) throw nested(name);
      isFirst = false;
      yield bytes;
    }
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function misnamed(what: "gzip" | "zip", fileName: string): Failure {
  const text = `Cannot decompress "${fileName}": it is not ${what}`;
  return new Failure("refused", `${what}-corrupt`, text);
}

function emptyArchive(): Failure {
  return new Failure("refused", "zip-empty", "Cannot unpack the file: it is empty");
}

function foreignEntry({ name }: ZipEntry, patterns: readonly string[]): Failure {
  const shown = JSON.stringify(name.slice(0, 200));
  const text = `Cannot unpack the file: the module does not load files named ${shown}`;
  return new Failure("refused", "zip-foreign-entry", text, {
    hint: `Name each file in the archive like ${patterns.join(" or ")}.`,
  });
}

function nested(name: string): Failure {
  const shown = JSON.stringify(name.slice(0, 200));
  const text = `Cannot unpack the file: it contains ${shown}, which is compressed too`;
  return new Failure("refused", "zip-nested", text, { hint: "Compress the files only once." });
}
