/** Bytes of a request that are read while they are sent. */
type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/**
 * A streamed body of known length: `fetch` sends `Content-Length`, as for any Blob. A plain stream is
 * sent with chunked encoding, which costs the server more time and which some proxies do not accept.
 *
 * @example
 * ```ts
 * import { SizedBody } from "./sized_body.ts";
 * const body = new SizedBody(2, () => ReadableStream.from([new Uint8Array(2)]));
 * const request = new Request("http://127.0.0.1/", { method: "PUT", body });
 * ```
 */
export class SizedBody extends Blob {
  readonly #size: number;
  readonly #open: () => ByteStream;

  /**
   * @param size bytes; the request fails if the stream has fewer
   * @param open opens the stream
   */
  constructor(size: number, open: () => ByteStream) {
    super();
    this.#size = size;
    this.#open = open;
  }

  override get size(): number {
    return this.#size;
  }

  override stream(): ByteStream {
    return this.#open();
  }
}
