import { basename } from "node:path";
import { Failure } from "../../base/failure.ts";
import { readPieces } from "../../base/read_file.ts";
import { isWorkbook, SYSTEM_FILES } from "../../sandbox/formats/unpack/archive.ts";
import { gunzip, looksGzip } from "../../sandbox/formats/unpack/gzip.ts";
import { looksZip, openZip, type ZipEntry } from "../../sandbox/formats/unpack/zip.ts";

/** A file of records: a sample file, or a file in a zip archive. */
export interface SampleFile {
  /** The path of the sample on disk. */
  path: string;
  /** Its name, in an archive without folders. */
  name: string;
  /** The name of the zip archive that it is in, or null. */
  archive: string | null;
  /** Its encoding, once it is known, for formats that are texts. */
  encoding?: string;
  /** Its content, decompressed; each call starts over. Each piece is valid until the next one. */
  pieces(): AsyncGenerator<Uint8Array>;
}

const MAX_UNPACKED_BYTES = 2 ** 36;
/** Zip archives are held in memory. */
const MAX_ARCHIVE_BYTES = 512 * 1024 ** 2;
const LIMITS = { maxBytes: MAX_UNPACKED_BYTES, setting: "sandbox.max_unpacked_mb" };
/** What people put beside the data in an archive. */
const BESIDE = /(^|\/)(readme|licen[cs]e|changelog)|\.(md|pdf|html?|docx?|png|jpe?g|sha\d*|md5)$/i;

/** The samples to read, and the archive entries that were left out. */
export interface Samples {
  files: SampleFile[];
  /** Names of entries beside the data, such as a README. */
  skipped: string[];
}

/**
 * Opens sample files: gzip is decompressed, and a zip archive becomes the files in it.
 *
 * @throws {Failure} `no-such-file`, `nothing-to-infer`, and those of the archive readers
 */
export async function sampleFiles(paths: readonly string[]): Promise<Samples> {
  const samples: Samples = { files: [], skipped: [] };
  for (const path of paths) {
    const start = await startOf(path);
    if (looksZip(start) && !await isWorkbookFile(path)) await addEntries(path, samples);
    else {
      const pieces = () => plainPieces(readPieces(path));
      samples.files.push({ path, name: basename(path), archive: null, pieces });
    }
  }
  return samples;
}

async function startOf(path: string): Promise<Uint8Array> {
  try {
    for await (const piece of readPieces(path)) return piece.slice(0, 8);
  } catch (error) {
    const text = `Cannot read the file "${path}"`;
    throw new Failure("usage", "no-such-file", text, { hint: "Check the path.", cause: error });
  }
  throw nothingToInfer(path, "it is empty");
}

async function isWorkbookFile(path: string): Promise<boolean> {
  if (/\.zip$/i.test(path)) return false;
  const entries = await openArchive(path);
  return isWorkbook(entries) || entries.some(({ name }) => name === "xl/workbook.xml");
}

async function openArchive(path: string): Promise<ZipEntry[]> {
  const { size } = await Deno.stat(path);
  if (size > MAX_ARCHIVE_BYTES) {
    throw nothingToInfer(path, `the archive has more than ${MAX_ARCHIVE_BYTES} bytes`);
  }
  return await openZip(await Deno.readFile(path), LIMITS);
}

async function addEntries(path: string, samples: Samples): Promise<void> {
  const entries = (await openArchive(path)).filter(({ name }) => !name.endsWith("/"));
  const data = mostOfOneKind(entries.filter(({ name }) => !isBeside(name)));
  samples.skipped.push(...entries.filter((entry) => !data.includes(entry)).map(({ name }) => name));
  if (data.length === 0) throw nothingToInfer(path, "the archive has no data files");
  for (const { name, content } of data) {
    const base = name.slice(name.lastIndexOf("/") + 1);
    samples.files.push({ path, name: base, archive: basename(path), pieces: content });
  }
}

function isBeside(name: string): boolean {
  return SYSTEM_FILES.test(name) || BESIDE.test(name);
}

/** The files with the most frequent ending: a module reads one format. */
function mostOfOneKind(entries: readonly ZipEntry[]): readonly ZipEntry[] {
  const kinds = Map.groupBy(entries, ({ name }) => /\.\w+$/.exec(name)?.[0].toLowerCase() ?? "");
  return [...kinds.values()].reduce((most, kind) => kind.length > most.length ? kind : most, []);
}

/** The failure of a sample from which no module can be derived. */
export function nothingToInfer(path: string, why: string, hint?: string): Failure {
  const text = `Cannot infer a module from "${path}": ${why}`;
  return new Failure("usage", "nothing-to-infer", text, hint === undefined ? {} : { hint });
}

/** Removes gzip, also if the file was compressed twice. */
async function* plainPieces(pieces: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const first = await pieces.next();
  if (first.done) return;
  const whole = (async function* () {
    yield first.value;
    yield* pieces;
  })();
  try {
    if (looksGzip(first.value)) yield* plainPieces(gunzip(whole, LIMITS));
    else yield* whole;
  } finally {
    // Closes the file even if the caller stops early.
    await pieces.return(undefined);
  }
}
