import { createHash } from "node:crypto";

const PIECE_BYTES = 256 * 1024;

/** Yields the bytes of a file. Each piece is valid until the next one is requested. */
export async function* readPieces(path: string): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(path);
  const piece = new Uint8Array(PIECE_BYTES);
  for (let count; (count = await file.read(piece)) !== null;) yield piece.subarray(0, count);
}

/** Returns the SHA-256 of a file in hexadecimal digits. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of readPieces(path)) hash.update(piece);
  return hash.digest("hex");
}
