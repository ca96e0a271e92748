// One file to the server, by the same resumable protocol that `mysimbdp fetch` speaks.

/* global tus */

// Larger ones would be held in memory for it; the server computes the hash in any case.
const HASH_UP_TO = 64 * 1024 * 1024;
const CHUNK = 8 * 1024 * 1024;

/** Hex of the SHA-256; null where the browser cannot tell (it needs TLS or localhost). */
async function sha256(blob) {
  if (!globalThis.crypto?.subtle || blob.size > HASH_UP_TO) return null;
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Opens a batch, within which the number of files counts. */
export async function openBatch() {
  const response = await fetch("/v1/batches", { method: "POST" });
  if (response.status === 401) location.assign("/sign-in");
  if (!response.ok) throw new Error(await detailOf(response));
  return (await response.json()).id;
}

/**
 * Sends a file, and goes on with an upload of it that broke off.
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
      endpoint: "/v1/uploads",
      chunkSize: CHUNK,
      // Bytes of a request whose answer never came could not be found again.
      uploadDataDuringCreation: false,
      retryDelays: [0, 500, 1500, 4000, 8000],
      removeFingerprintOnSuccess: true,
      metadata: { filename: name, batch, ...(hash && { sha256: hash }) },
      onShouldRetry: (error) => isPassing(error.originalResponse?.getStatus() ?? 0),
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

/** No answer, a busy server, or an upload that another request still holds. */
function isPassing(status) {
  return status === 0 || status === 409 || status === 423 || status === 429 || status >= 500;
}

function explain(error) {
  const body = error.originalResponse?.getBody();
  try {
    return JSON.parse(body).detail;
  } catch {
    return "The connection broke off. Send the file again: it goes on where it stopped.";
  }
}

async function detailOf(response) {
  try {
    return (await response.json()).detail;
  } catch {
    return response.statusText;
  }
}
