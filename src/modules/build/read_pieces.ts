/** Pieces in which a file is read, in bytes. */
const PIECE_BYTES = 256 * 1024;

/** The bytes of a file, piece by piece; each is good until the next one is asked for. */
export async function* pieces(path: string): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(path);
  const piece = new Uint8Array(PIECE_BYTES);
  while (true) {
    const count = await file.read(piece);
    if (count === null) return;
    yield piece.subarray(0, count);
  }
}
