import { HEADERS, PATHS, TUS_VERSION } from "../protocol/paths.ts";
import { TRACEPARENT } from "../base/tracing.ts";
import { statusOf } from "./answer_failure.ts";
import type { ApiClient, StreamBody } from "./client.ts";
import { foreignAnswer } from "./network_failure.ts";

/** The state of an upload at the server. */
export interface TusState {
  upload: string;
  /** Bytes that the server has. */
  offset: number;
  /** Set for a finished upload, as are `version` and `sha256`. */
  fileId: string | null;
  /** Null also from older servers. */
  version: number | null;
  /** Of the bytes that arrived. */
  sha256: string | null;
}

interface TusCreation {
  /** Bytes of the whole file. */
  size: number;
  /** Keys and values of `Upload-Metadata`. */
  metadata: Record<string, string>;
  /** The whole content, for creation-with-upload. */
  body?: Uint8Array<ArrayBuffer>;
}

/** Bytes of a file, starting at `offset`. */
interface TusPiece {
  offset: number;
  /** Bytes of the whole file. */
  size: number;
  body: StreamBody;
  /** With the last bytes: the SHA-256 of the file in hex, if it was not sent at the creation. */
  sha256?: string;
}

/**
 * Milliseconds without progress after which a request with a body fails. Bytes may still be in
 * buffers: some MB on a fast connection, a few hundred KB on a slow one.
 */
const BODY_TIMEOUT = 150_000;
const OFFSET_TYPE = "application/offset+octet-stream";

/** The requests of tus 1.0.0 (core, creation, creation-with-upload, termination). */
export class TusClient {
  readonly #client: ApiClient;
  readonly #headers: Record<string, string>;

  /** @param traceparent the span that the requests belong to; null for none */
  constructor(client: ApiClient, traceparent: string | null = null) {
    this.#client = client;
    this.#headers = {
      "tus-resumable": TUS_VERSION,
      ...(traceparent === null ? {} : { [TRACEPARENT]: traceparent }),
    };
  }

  async create({ size, metadata, body }: TusCreation, signal: AbortSignal): Promise<TusState> {
    const response = await this.#client.request({
      path: PATHS.uploads,
      method: "POST",
      headers: {
        ...this.#headers,
        "upload-length": String(size),
        "upload-metadata": encodeMetadata(metadata),
        ...(body ? { "content-type": OFFSET_TYPE } : {}),
      },
      body,
      timeout: BODY_TIMEOUT,
      signal,
    });
    // Only the id of the location is used: a proxy may use a different host and path.
    const id = response.headers.get("location")?.split(/[?#]/)[0]?.split("/").at(-1);
    if (!id) throw foreignAnswer(this.#client.server, "it returned no location for an upload");
    // tus: only the response to a creation with a body has an offset.
    const offset = body ? this.#offsetOf(response, size) : 0;
    return stateOf(response, decodeURIComponent(id), offset);
  }

  /** @returns null if the server does not know the upload */
  async head(upload: string, size: number, signal: AbortSignal): Promise<TusState | null> {
    const headers = this.#headers;
    try {
      const path = pathOf(upload);
      const response = await this.#client.request({ path, method: "HEAD", headers, signal });
      return stateOf(response, upload, this.#offsetOf(response, size));
    } catch (error) {
      if (statusOf(error) === 404 || statusOf(error) === 410) return null;
      throw error;
    }
  }

  /** Sends a piece; the server keeps what it received even if the connection breaks. */
  async patch(upload: string, piece: TusPiece, signal: AbortSignal): Promise<TusState> {
    const { offset, size, body, sha256 } = piece;
    const response = await this.#client.request({
      path: pathOf(upload),
      method: "PATCH",
      headers: {
        ...this.#headers,
        "upload-offset": String(offset),
        "content-type": OFFSET_TYPE,
        ...(sha256 === undefined ? {} : { [HEADERS.sha256]: sha256 }),
      },
      body,
      timeout: BODY_TIMEOUT,
      signal,
    });
    const state = stateOf(response, upload, this.#offsetOf(response, size));
    if (state.offset > offset) return state;
    throw foreignAnswer(this.#client.server, "it accepted no bytes of an upload");
  }

  /** Deletes an upload; a failure does not matter, as uploads expire. */
  async drop(upload: string, signal: AbortSignal): Promise<void> {
    const headers = this.#headers;
    const path = pathOf(upload);
    await this.#client.request({ path, method: "DELETE", headers, signal, timeout: 5000 })
      .catch(() => {});
  }

  #offsetOf(response: Response, size: number): number {
    const header = response.headers.get("upload-offset");
    const offset = header !== null && /^\d+$/.test(header) ? Number(header) : -1;
    if (offset >= 0 && offset <= size) return offset;
    throw foreignAnswer(this.#client.server, `it returned the offset "${header}" for an upload`);
  }
}

function stateOf({ headers }: Response, upload: string, offset: number): TusState {
  return {
    upload,
    offset,
    fileId: headers.get(HEADERS.fileId),
    version: Number(headers.get(HEADERS.fileVersion)) || null,
    sha256: headers.get(HEADERS.sha256),
  };
}

function pathOf(upload: string): string {
  return `${PATHS.uploads}/${encodeURIComponent(upload)}`;
}

/** Formats `Upload-Metadata`: each key with its UTF-8 value in Base64. */
function encodeMetadata(metadata: Record<string, string>): string {
  return Object.entries(metadata).map(([key, value]) => {
    return `${key} ${btoa(String.fromCharCode(...new TextEncoder().encode(value)))}`;
  }).join(",");
}
