// Sends a file with the same resumable protocol as `mysimbdp fetch`.

/* global tus */

import { at } from "./site.js";

// Hashing needs the whole file in memory, so larger files are sent without a hash.
const HASH_UP_TO = 64 * 1024 * 1024;
const CHUNK = 8 * 1024 * 1024;

/** Returns the SHA-256 in hex; null when the browser cannot compute it (needs TLS or localhost). */
async function sha256(blob) {
  if (!globalThis.crypto?.subtle || blob.size > HASH_UP_TO) return null;
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Opens a batch; the number of files is limited per batch. */
export async function openBatch() {
  const response = await fetch(at("/v1/batches"), { method: "POST" });
  if (response.status === 401) location.assign(at("/sign-in"));
  if (!response.ok) throw new Error(await detailOf(response));
  return (await response.json()).id;
}

/**
 * Sends a file, or resumes an interrupted upload of it.
 *
 * @param {Blob} blob
 * @param {{ name: string, batch: string, onProgress?: (share: number) => void }} options
 * @returns {Promise<string>} the id of the file
 */
export async function transfer(blob, { name, batch, onProgress = () => {} }) {
  const hash = await sha256(blob);
  return await new Promise((resolve, reject) => {
    let fileId = "";
    const upload = new tus.Upload(blob, {
      endpoint: at("/v1/uploads"),
      chunkSize: CHUNK,
      // If the response is lost, the upload's URL is unknown and its bytes could not be resumed.
      uploadDataDuringCreation: false,
      retryDelays: [0, 500, 1500, 4000, 8000],
      removeFingerprintOnSuccess: true,
      metadata: { filename: name, batch, ...(hash && { sha256: hash }) },
      onShouldRetry: (error) => isTemporary(error.originalResponse?.getStatus() ?? 0),
      onAfterResponse: (_request, response) => {
        fileId = response.getHeader("Mysimbdp-File-Id") || fileId;
      },
      onProgress: (sent, all) => onProgress(all === 0 ? 1 : sent / all),
      onSuccess: () => resolve(fileId),
      onError: (error) => reject(new Error(explain(error))),
    });
    upload.findPreviousUploads().then(([earlier]) => {
      if (earlier) upload.resumeFromPreviousUpload(earlier);
      upload.start();
    });
  });
}

/** Returns whether to retry: no response, a busy server, or an upload locked by another request. */
function isTemporary(status) {
  return status === 0 || status === 408 || status === 409 || status === 423 || status === 429 ||
    status >= 500;
}

function explain(error) {
  const body = error.originalResponse?.getBody();
  try {
    return JSON.parse(body).detail;
  } catch {
    return "The connection was interrupted. Send the file again to resume.";
  }
}

async function detailOf(response) {
  try {
    return (await response.json()).detail;
  } catch {
    return response.statusText;
  }
}
