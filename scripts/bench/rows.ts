/**
 * The files that are measured with, the same at each run.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** The columns in the order of the file, which is also that of the table. */
export const COLUMNS = [
  ...["id", "state", "at", "airport", "aircraft", "species", "speed", "height", "cost", "remark"],
];

const STATES = ["Texas", "Ohio", "Maine", "New York", "Florida", "Iowa", "Utah", "Nevada"];
/** About how much of a file is written at a time. */
const PIECE_CHARS = 1 << 20;

/** A small generator of numbers of 32 bits (mulberry32): seeded, and fast. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/**
 * Lines of a CSV file, without its header: a random UUID, two texts of few values, a date, two
 * numbered names, two integers, an amount and a remark.
 *
 * @param seed another seed gives other rows with other keys
 */
export function* csvRows(seed: number): Generator<string, never> {
  const next = numbers(seed);
  const hex = () => next().toString(16).padStart(8, "0");
  const two = (value: number) => String(value).padStart(2, "0");
  for (let i = 0;; i++) {
    const [a, b, c, d] = [hex(), hex(), hex(), hex()];
    const id = `${a}-${b.slice(0, 4)}-${b.slice(4)}-${c.slice(0, 4)}-${c.slice(4)}${d}`;
    const at = `2019-${two(1 + next() % 12)}-${two(1 + next() % 28)}`;
    const cost = (next() / 2 ** 32 * 1000).toFixed(2);
    yield `${id},${STATES[next() % 8]},${at},AIRPORT ${i % 500},B-737-${i % 900},Sparrow,` +
      `${80 + next() % 221},${next() % 9001},${cost},remark number ${i}\n`;
  }
}

/** A file for a measure. */
export interface MadeFile {
  path: string;
  /** Bytes. */
  size: number;
  rows: number;
  /** Lower-case hex. */
  sha256: string;
}

/** Writes a CSV file with a header, of so many rows or of at least so many bytes. */
export async function writeCsv(
  path: string,
  most: { rows: number } | { bytes: number },
  seed = 1,
): Promise<MadeFile> {
  using file = await Deno.create(path);
  const hash = createHash("sha256");
  const lines = csvRows(seed);
  let piece = `${COLUMNS.join(",")}\n`;
  let size = 0;
  let rows = 0;
  const isFull = () => "rows" in most ? rows === most.rows : size + piece.length >= most.bytes;
  while (!isFull()) {
    piece += lines.next().value;
    rows++;
    if (piece.length >= PIECE_CHARS || isFull()) {
      const bytes = new TextEncoder().encode(piece);
      hash.update(bytes);
      await writeAll(file, bytes);
      size += bytes.length;
      piece = "";
    }
  }
  return { path, size, rows, sha256: hash.digest("hex") };
}

/** Writes a file of bytes that look random. */
export async function writeNoise(path: string, size: number): Promise<void> {
  const next = numbers(1);
  const piece = new Uint32Array(1 << 18).map(next);
  using file = await Deno.create(path);
  for (let left = size; left > 0;) {
    // The pieces differ, so that nothing can be had by keeping one of them.
    piece[0] = next();
    const part = new Uint8Array(piece.buffer).subarray(0, left);
    await writeAll(file, part);
    left -= part.length;
  }
}

/** Makes a file another one by its first bytes: the server takes no content twice. */
export async function stamp(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await writeAll(file, crypto.getRandomValues(new Uint8Array(16)));
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
