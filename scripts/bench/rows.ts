/**
 * The input files, the same in each run.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** The columns, in the order of the file and of the table. */
export const COLUMNS = [
  ...["id", "state", "at", "airport", "aircraft", "species", "speed", "height", "cost", "remark"],
];

const STATES = ["Texas", "Ohio", "Maine", "New York", "Florida", "Iowa", "Utah", "Nevada"];
/** The approximate number of bytes written at a time. */
const PIECE_CHARS = 1 << 20;

/** A fast, seeded generator of 32-bit numbers (mulberry32). */
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
 * Generates lines of a CSV file without its header: a random UUID, two texts with few values, a date,
 * two numbered names, two integers, an amount and a remark.
 *
 * @param seed each seed gives different rows and keys
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

/** An input file. */
export interface MadeFile {
  path: string;
  /** Bytes. */
  size: number;
  rows: number;
  /** Lower-case hex. */
  sha256: string;
}

/** Writes a CSV file with a header, with a number of rows or a minimum number of bytes. */
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

/** Writes a file of pseudorandom bytes. */
export async function writeNoise(path: string, size: number): Promise<void> {
  const next = numbers(1);
  const piece = new Uint32Array(1 << 18).map(next);
  using file = await Deno.create(path);
  for (let left = size; left > 0;) {
    // The pieces differ, so caching one of them has no benefit.
    piece[0] = next();
    const part = new Uint8Array(piece.buffer).subarray(0, left);
    await writeAll(file, part);
    left -= part.length;
  }
}

/** Changes the first bytes of a file, because the server does not store the same content twice. */
export async function stamp(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await writeAll(file, crypto.getRandomValues(new Uint8Array(16)));
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
