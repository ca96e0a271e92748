import { Failure } from "../../base/failure.ts";
import type { DeclaredFormat } from "../wire/declaration.ts";
import { takesFile } from "../wire/file_patterns.ts";
import { gunzip, looksGzip } from "./gzip.ts";
import { WholeFile } from "./whole_file.ts";
import { looksZip, openZip, type ZipEntry } from "./zip.ts";

/** What is known of a file before it is unpacked. */
interface Packed {
  fileName: string;
  format: DeclaredFormat;
  /** The names of files that the module takes. */
  files: readonly string[];
  /** The most bytes that may come out. */
  maxInputBytes: number;
  /** The most bytes of an archive. */
  maxWholeBytes: number;
}

/** A piece of the file, or the start of the next file of an archive. */
type Unpacked = Uint8Array | { entry: string };

/** Files that programs put into archives beside what was meant. */
const BY_THE_WAY = /(^|\/)(__MACOSX\/|\.|Thumbs\.db$|desktop\.ini$)/i;

/**
 * Decompresses a file by what it is: gzip and zip are known by their first bytes, and a name that
 * promises one of them is held to it. Excel files are zip archives themselves, so that those count
 * as packed only by their name.
 *
 * @throws {Failure} what {@link gunzip} and {@link openZip} throw, `zip-empty`, `zip-foreign-entry`,
 * `zip-nested`, `whole-file-too-large`
 */
export async function* unpacked(
  source: AsyncGenerator<Uint8Array>,
  packed: Packed,
): AsyncGenerator<Unpacked> {
  // A program is given the file as it came.
  if (packed.format.kind === "program") return yield* source;
  const first = await source.next();
  if (first.done) return;
  const whole = (async function* () {
    yield first.value;
    yield* source;
  })();
  const { fileName, format, maxInputBytes: maxBytes } = packed;
  const isNamedZip = /\.zip$/i.test(fileName);
  if (looksGzip(first.value)) yield* gunzip(whole, { maxBytes });
  else if (looksZip(first.value) && (isNamedZip || format.kind !== "xlsx")) {
    yield* unzipped(whole, packed);
  } else if (isNamedZip) throw notWhatItSays("zip", fileName);
  else if (/\.gz$/i.test(fileName)) throw notWhatItSays("gzip", fileName);
  else yield* whole;
}

async function* unzipped(
  source: AsyncIterable<Uint8Array>,
  { format, files, maxInputBytes, maxWholeBytes }: Packed,
): AsyncGenerator<Unpacked> {
  const archive = new WholeFile("zip archives", maxWholeBytes);
  for await (const bytes of source) archive.push(bytes);
  const all = await openZip(archive.take(), { maxBytes: maxInputBytes });
  const entries = all.filter(({ name }) => !BY_THE_WAY.test(name));
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

function notWhatItSays(what: "gzip" | "zip", fileName: string): Failure {
  const text = `Cannot decompress "${fileName}": it is not ${what}`;
  return new Failure("refused", `${what}-corrupt`, text);
}

function emptyArchive(): Failure {
  return new Failure("refused", "zip-empty", "Cannot unpack the file: there is no file in it");
}

function foreignEntry({ name }: ZipEntry, patterns: readonly string[]): Failure {
  const shown = JSON.stringify(name.slice(0, 200));
  const text = `Cannot unpack the file: the module does not take ${shown}`;
  return new Failure("refused", "zip-foreign-entry", text, {
    hint: `Of an archive of several files each must be named ${patterns.join(" or ")}.`,
  });
}

function nested(name: string): Failure {
  const shown = JSON.stringify(name.slice(0, 200));
  const text = `Cannot unpack the file: ${shown} in it is compressed again`;
  return new Failure("refused", "zip-nested", text, { hint: "Pack the files once." });
}
