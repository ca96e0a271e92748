import { createHash } from "node:crypto";

const BUFFER_BYTES = 256 * 1024;

/** The lower-case hex SHA-256, and how many bytes it is of. */
export interface FileHash {
  sha256: string;
  total: number;
}

/**
 * Hashes what is left of an open file.
 *
 * @param size bytes it should have: one that is written to faster than it is read would never end,
 *   so at the first byte more it is given up, which `total` tells
 * @param onPiece called before each piece; what it throws ends the reading
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
