import type { HashReply, HashRequest } from "./hash_worker.ts";
import { type Candidate, changedWhileRead, SteadyFile, unreadable } from "./steady_file.ts";

/**
 * Returns the SHA-256 of a large file in lower-case hex, computed in a worker thread.
 * @throws {Failure} `file-changed`, `file-unreadable`
 */
export async function hashLarge(candidate: Candidate, signal: AbortSignal): Promise<string> {
  await using file = await SteadyFile.open(candidate);
  const reply = await askWorker({ path: candidate.path, size: candidate.size }, signal);
  if ("error" in reply) throw unreadable(candidate.name, reply.error);
  await file.verify();
  if (reply.total !== candidate.size) throw changedWhileRead(candidate.name);
  return reply.sha256;
}

async function askWorker(request: HashRequest, signal: AbortSignal): Promise<HashReply> {
  const worker = new Worker(new URL("./hash_worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<HashReply>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop);
  try {
    signal.throwIfAborted();
    worker.onmessage = ({ data }: MessageEvent<HashReply>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      resolve({ error: event.message });
    };
    worker.postMessage(request);
    return await promise;
  } finally {
    signal.removeEventListener("abort", stop);
    worker.terminate();
  }
}
