import {
  configure,
  ERR_OVERLAPPING_ENTRY,
  ERR_UNSAFE_FILENAME,
  type FileEntry,
  Uint8ArrayReader,
  Uint8ArrayWriter,
  ZipReader,
  ZipWriter,
} from "@zip.js/zip.js/index-native.js";
import { Failure, messageOf } from "../../base/failure.ts";
import { withCommas } from "./contract.ts";

interface ZipLimits {
  /** The most bytes that may come out of all entries. */
  maxBytes: number;
  /** The most entries. @default 1000 */
  maxEntries?: number;
  /** The most bytes out for each byte of the archive, once 10 MB are out. @default 1000 */
  maxRatio?: number;
}

/** A file in an archive. */
export interface ZipEntry {
  /** As it stands in the archive; nothing is ever written to such a path. */
  name: string;
  /** Decompresses it, and ends with an error if it is not what the archive says of it. */
  content(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>;
}

const DEFAULT_MAX_ENTRIES = 1_000;
const DEFAULT_MAX_RATIO = 1_000;
const RATIO_COUNTS_FROM = 10 * 1024 * 1024;
/** What the library says of archives that are worse than damaged, and what we say. */
const HOSTILE = new Map([
  [ERR_OVERLAPPING_ENTRY, "its entries lie over one another"],
  [ERR_UNSAFE_FILENAME, "the name of an entry leads out of the archive"],
]);

// A sandbox starts no further threads.
configure({ useWebWorkers: false });

/** Whether the bytes begin as a zip archive does. */
export function looksZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
}

/**
 * The files in an archive, in its order, without folders. All entries count towards the limits
 * together, by what really comes out of them and not by what the archive says.
 *
 * @throws {Failure} `zip-corrupt`, `zip-encrypted`, `zip-too-many-entries`, `zip-too-large`; the last
 * two and `zip-corrupt` also from an entry's content
 */
export async function openZip(archive: Uint8Array, limits: ZipLimits): Promise<ZipEntry[]> {
  const count = outputCounter(archive.length, limits);
  const { maxEntries = DEFAULT_MAX_ENTRIES } = limits;
  const entries: ZipEntry[] = [];
  let seen = 0;
  try {
    const reader = new ZipReader(new Uint8ArrayReader(archive));
    for await (const entry of reader.getEntriesGenerator()) {
      if (++seen > maxEntries) throw tooManyEntries(maxEntries);
      if (entry.directory) continue;
      if (entry.encrypted) throw encrypted(entry.filename);
      entries.push({ name: entry.filename, content: () => contentOf(entry, count) });
    }
  } catch (error) {
    throw asFailure(error);
  }
  return entries;
}

/** The same files in an archive without compression. @throws {Failure} what {@link openZip} throws */
export async function withoutCompression(
  archive: Uint8Array,
  limits: ZipLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { level: 0, extendedTimestamp: false });
  for (const { name, content } of await openZip(archive, limits)) {
    const bytes = await new Response(ReadableStream.from(content())).bytes();
    await writer.add(name, new Uint8ArrayReader(bytes)).catch((error) => {
      throw asFailure(error);
    });
  }
  return await writer.close();
}

async function* contentOf(
  entry: FileEntry,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  let breakOff: (error: unknown) => void = () => {};
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
    start: (controller) => void (breakOff = (error) => controller.error(error)),
  });
  const done = entry.getData(writable, { checkSignature: true, checkOverlappingEntry: true });
  // What is found out behind the last byte leaves the stream open.
  done.catch((error) => breakOff(error));
  try {
    for await (const bytes of readable) {
      count(bytes.length);
      yield bytes as Uint8Array<ArrayBuffer>;
    }
    await done;
  } catch (error) {
    throw asFailure(error);
  }
}

function outputCounter(
  packed: number,
  { maxBytes, maxRatio = DEFAULT_MAX_RATIO }: ZipLimits,
): (bytes: number) => void {
  let out = 0;
  return (bytes) => {
    out += bytes;
    if (out > maxBytes) throw tooLarge(`more than ${withCommas(maxBytes)} bytes`);
    if (out > RATIO_COUNTS_FROM && out > packed * maxRatio) {
      throw tooLarge(`more than ${withCommas(maxRatio)} times its size`);
    }
  };
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const state = HOSTILE.get(messageOf(error)) ?? "the archive is damaged";
  return new Failure("refused", "zip-corrupt", `Cannot unpack the file: ${state}`, {
    hint: "Make the archive anew and send it again.",
    cause: error,
  });
}

function encrypted(name: string): Failure {
  const shown = JSON.stringify(name.slice(0, 200));
  return new Failure("refused", "zip-encrypted", `Cannot unpack the file: ${shown} is encrypted`, {
    hint: "Send it without a password; the connection is what protects it.",
  });
}

function tooManyEntries(most: number): Failure {
  const text = `Cannot unpack the file: it has more than ${withCommas(most)} entries`;
  return new Failure("refused", "zip-too-many-entries", text, { hint: "Send several archives." });
}

function tooLarge(state: string): Failure {
  return new Failure("refused", "zip-too-large", `Cannot unpack the file: it has ${state}`, {
    hint: "Split the file, or ask the platform for a higher limit.",
  });
}
