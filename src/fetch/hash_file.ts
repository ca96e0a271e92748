import { createHash } from "node:crypto";

const BUFFER_BYTES = 256 * 1024;

/** A SHA-256 in lower-case hex, and the number of bytes hashed. */
export interface FileHash {
  sha256: string;
  total: number;
}

/**
 * Hashes an open file from its current position.
 *
 * @param size expected bytes; hashing stops beyond them (see `total`), so that it ends even if the
 *   file grows faster than it is read
 * @param onPiece called before each read; an error it throws stops the hashing
 */
export function hashFile(
  file: Pick<Deno.FsFile, "readSync">,
  size: number,
  onPiece: () => void = () => {},
): FileHash {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(BUFFER_BYTES);
  let total = 0;
  while (total <= size) {
    onPiece();
    const count = file.readSync(buffer);
    if (count === null) break;
    hash.update(buffer.subarray(0, count));
    total += count;
  }
  return { sha256: hash.digest("hex"), total };
}
