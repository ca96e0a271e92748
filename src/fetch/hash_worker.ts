/**
 * Hashes a large file on a thread of its own, while the main one sends it.
 *
 * @module
 */
import { type FileHash, hashFile } from "./hash_file.ts";

/** Hash the file at this path. */
export interface HashRequest {
  path: string;
  /** Bytes it should have. */
  size: number;
}

/** The hash, or why there is none. */
export type HashReply = FileHash | { error: unknown };

// The compiler knows the page's global scope only, not a worker's.
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<HashRequest>) => void) | null;
  postMessage(reply: HashReply): void;
};

function hash({ path, size }: HashRequest): FileHash {
  using file = Deno.openSync(path);
  return hashFile(file, size);
}

scope.onmessage = ({ data }) => {
  try {
    scope.postMessage(hash(data));
  } catch (error) {
    scope.postMessage({ error });
  }
};
