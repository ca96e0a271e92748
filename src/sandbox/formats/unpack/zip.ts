import {
  configure,
  ERR_OVERLAPPING_ENTRY,
  ERR_UNSAFE_FILENAME,
  type FileEntry,
  Uint8ArrayReader,
  ZipReader,
} from "@zip.js/zip.js/index-native.js";
import { Failure, messageOf } from "../../../base/failure.ts";
import { withCommas } from "../contract.ts";

interface ZipLimits {
  /** Maximum size of all entries together, in bytes. */
  maxBytes: number;
  /** The name of the setting behind `maxBytes`, for the hint. */
  setting: string;
}

/** A file in an archive. */
export interface ZipEntry {
  /** The name in the archive; never used as a path. */
  name: string;
  /** Decompresses the file; throws if it does not match the archive's checksum and size. */
  content(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined>;
}

const MAX_ENTRIES = 1_000;
/** Maximum ratio of output to the archive's size, checked from 10 MB of output. */
const MAX_RATIO = 1_000;
const RATIO_COUNTS_FROM = 10 * 1024 * 1024;
/** The library's messages about hostile archives, and ours. */
const HOSTILE = new Map([
  [ERR_OVERLAPPING_ENTRY, "its entries overlap"],
  [ERR_UNSAFE_FILENAME, "the name of an entry points outside the archive"],
]);

// A sandbox must not start more threads.
configure({ useWebWorkers: false });

/** Whether the bytes start like a zip archive. */
export function looksZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
}

/**
 * The files in an archive, in its order, without folders. The limits apply to all entries together and
 * to their actual sizes, not to the sizes that the archive states.
 *
 * @throws {Failure} `zip-corrupt`, `zip-too-many-entries`; an entry's content throws `zip-corrupt`,
 * `zip-encrypted` and `zip-too-large`
 */
export async function openZip(archive: Uint8Array, limits: ZipLimits): Promise<ZipEntry[]> {
  const count = outputCounter(archive.length, limits);
  const entries: ZipEntry[] = [];
  let seen = 0;
  try {
    const reader = new ZipReader(new Uint8ArrayReader(archive));
    for await (const entry of reader.getEntriesGenerator()) {
      if (++seen > MAX_ENTRIES) throw tooManyEntries();
      if (entry.directory) continue;
      entries.push({ name: entry.filename, content: () => contentOf(entry, count) });
    }
  } catch (error) {
    throw asFailure(error);
  }
  return entries;
}

async function* contentOf(
  entry: FileEntry,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  if (entry.encrypted) throw encrypted(entry.filename);
  let abort: (error: unknown) => void = () => {};
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
    start: (controller) => void (abort = (error) => controller.error(error)),
  });
  const done = entry.getData(writable, { checkSignature: true, checkOverlappingEntry: true });
  // An error after the last byte would leave the stream open.
  done.catch((error) => abort(error));
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

function outputCounter(packed: number, { maxBytes, setting }: ZipLimits): (bytes: number) => void {
  let out = 0;
  return (bytes) => {
    out += bytes;
    if (out > maxBytes) {
      const hint = `Split the file, or ask the operator to raise ${setting}.`;
      throw tooLarge(`more than ${withCommas(maxBytes)} bytes`, hint);
    }
    if (out > RATIO_COUNTS_FROM && out > packed * MAX_RATIO) {
      throw tooLarge(`more than ${withCommas(MAX_RATIO)} times its size`, "Send it uncompressed.");
    }
  };
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const state = HOSTILE.get(messageOf(error)) ?? "the archive is damaged";
  return new Failure("refused", "zip-corrupt", `Cannot unpack the file: ${state}`, {
    hint: "Create the archive again and resend it.",
    cause: error,
  });
}

function encrypted(name: string): Failure {
  const shown = JSON.stringify(name.slice(0, 200));
  return new Failure("refused", "zip-encrypted", `Cannot unpack the file: ${shown} is encrypted`, {
    hint: "Send the archive without a password.",
  });
}

function tooManyEntries(): Failure {
  const text = `Cannot unpack the file: it has more than ${withCommas(MAX_ENTRIES)} entries`;
  return new Failure("refused", "zip-too-many-entries", text, {
    hint: "Split it into several archives.",
  });
}

function tooLarge(state: string, hint: string): Failure {
  const text = `Cannot unpack the file: its content has ${state}`;
  return new Failure("refused", "zip-too-large", text, { hint });
}
