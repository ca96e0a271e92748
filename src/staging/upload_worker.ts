/**
 * The thread of {@link UploadThread}: writes uploads and hashes their bytes.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";

/** Requests to the thread. Files only grow until they are forgotten. */
export type UploadRequest =
  /** Append the bytes, which follow `position` bytes, and hash them if `hashed`. The answer returns their memory. */
  | { type: "write"; path: string; position: number; bytes: Bytes; hashed: boolean; call: number }
  /** Answer with the SHA-256 of the first `size` bytes. */
  | { type: "digest"; path: string; size: number; call: number }
  | { type: "forget"; path: string };

/** Answers to `write` and `digest`. */
export type UploadReply =
  | { call: number; memory: ArrayBuffer }
  | { call: number; sha256: string }
  /** `code` is a system error such as ENOSPC. */
  | { call: number; error: string; code?: string };

type Bytes = Uint8Array<ArrayBuffer>;

interface Progress {
  hash: Hash;
  position: number;
}

// The compiler knows only the global scope of pages, not of workers.
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<UploadRequest>) => void) | null;
  postMessage(reply: UploadReply, transfer?: Transferable[]): void;
};

const files = new Map<string, Progress>();
const buffer = new Uint8Array(256 * 1024);

/** The progress of a file's hash; restarts when it is beyond `position`. */
function progressOf(path: string, position: number): Progress {
  let progress = files.get(path);
  if (!progress || progress.position > position) {
    progress = { hash: createHash("sha256"), position: 0 };
  }
  files.set(path, progress);
  return progress;
}

/** Reads the file until its first `to` bytes are hashed. */
function advance(path: string, to: number): Progress {
  const progress = progressOf(path, to);
  using file = Deno.openSync(path, { read: true });
  file.seekSync(progress.position, Deno.SeekMode.Start);
  while (progress.position < to) {
    const read = file.readSync(buffer.subarray(0, Math.min(buffer.length, to - progress.position)));
    if (read === null) throw new Error(`Cannot hash "${path}": it ends at ${progress.position}`);
    progress.hash.update(buffer.subarray(0, read));
    progress.position += read;
  }
  return progress;
}

/** The file of the last write stays open: the next write is most likely to the same file. */
let last: { path: string; file: Deno.FsFile } | null = null;

function fileOf(path: string): Deno.FsFile {
  if (last?.path !== path) {
    release(last?.path);
    // Appending: bytes that somebody else cut off leave a file that is too small, not one with a hole.
    last = { path, file: Deno.openSync(path, { append: true }) };
  }
  return last.file;
}

function release(path: string | undefined): void {
  if (last?.path !== path) return;
  last?.file.close();
  last = null;
}

// Writes and hashes in one go, while the bytes are in the processor's cache.
function write({ path, position, bytes, hashed }: Extract<UploadRequest, { type: "write" }>): void {
  const file = fileOf(path);
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
  if (!hashed) return;
  const progress = progressOf(path, position);
  // After a restart earlier bytes are not hashed yet; the digest then reads the whole file.
  if (progress.position !== position) return;
  progress.hash.update(bytes);
  progress.position += bytes.length;
}

function answer(request: Exclude<UploadRequest, { type: "forget" }>): void {
  const { call } = request;
  try {
    if (request.type === "digest") {
      release(request.path);
      const { hash } = advance(request.path, request.size);
      scope.postMessage({ call, sha256: hash.copy().digest("hex") });
    } else {
      write(request);
      const memory = request.bytes.buffer;
      scope.postMessage({ call, memory }, [memory]);
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
    scope.postMessage({ call, error: error instanceof Error ? error.message : `${error}`, code });
  }
}

scope.onmessage = ({ data }) => {
  if (data.type !== "forget") return answer(data);
  files.delete(data.path);
  release(data.path);
};
