import { HEADERS, PATHS, TUS_VERSION } from "../protocol/paths.ts";
import { TRACEPARENT } from "../base/tracing.ts";
import { statusOf } from "./answer_failure.ts";
import type { ApiClient, StreamBody } from "./client.ts";
import { foreignAnswer } from "./network_failure.ts";

/** What the server says of an upload. */
export interface TusState {
  upload: string;
  /** Bytes that the server holds. */
  offset: number;
  /** Of a finished upload: the file's id, and the SHA-256 of what arrived. */
  fileId: string | null;
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

/** Some bytes of a file, from `offset` on. */
interface TusPiece {
  offset: number;
  /** Bytes of the whole file. */
  size: number;
  body: StreamBody;
  /** With the last bytes: the hex SHA-256 of the file, if the creation did not say it. */
  sha256?: string;
}

/**
 * Milliseconds of silence after which a request with bytes is given up. What was handed over may
 * still lie in buffers: some MB on a fast connection, a few hundred KB on a slow one.
 */
const BODY_TIMEOUT = 150_000;
const OFFSET_TYPE = "application/offset+octet-stream";

/** The requests of tus 1.0.0 (core, creation, creation-with-upload, termination). */
export class TusClient {
  readonly #client: ApiClient;
  readonly #headers: Record<string, string>;

  /** @param traceparent the step of a trace that the requests belong to; null for none */
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
    // Of the location only the id is taken: a proxy may have another idea of host and path.
    const id = response.headers.get("location")?.split(/[?#]/)[0]?.split("/").at(-1);
    if (!id) throw foreignAnswer(this.#client.server, "it gave no place for an upload");
    // tus: only the answer to a creation with bytes names an offset.
    const offset = body ? this.#offsetOf(response, size) : 0;
    return stateOf(response, decodeURIComponent(id), offset);
  }

  /** @returns null when the server does not know the upload (any more) */
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

  /** Sends a piece; the server keeps what arrives of it, also when the connection breaks. */
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
    throw foreignAnswer(this.#client.server, "it took no bytes of an upload");
  }

  /** Gives an upload up; a failure does not matter, as it expires at the server anyway. */
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
    throw foreignAnswer(this.#client.server, `it gave the offset "${header}" for an upload`);
  }
}

function stateOf({ headers }: Response, upload: string, offset: number): TusState {
  return {
    upload,
    offset,
    fileId: headers.get(HEADERS.fileId),
    sha256: headers.get(HEADERS.sha256),
  };
}

function pathOf(upload: string): string {
  return `${PATHS.uploads}/${encodeURIComponent(upload)}`;
}

/** Keys, each with its value in Base64 of UTF-8. */
function encodeMetadata(metadata: Record<string, string>): string {
  return Object.entries(metadata).map(([key, value]) => {
    return `${key} ${btoa(String.fromCharCode(...new TextEncoder().encode(value)))}`;
  }).join(",");
}
