/**
 * Hashes a large file in a worker thread while the main thread sends it.
 *
 * @module
 */
import { type FileHash, hashFile } from "./hash_file.ts";

/** The file to hash. */
export interface HashRequest {
  path: string;
  /** Expected bytes. */
  size: number;
}

/** The hash, or the error. */
export type HashReply = FileHash | { error: unknown };

// TypeScript assumes the global scope of a page, not of a worker.
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
