import { Failure } from "../../base/failure.ts";
import { withCommas } from "./contract.ts";

export const DEFAULT_MAX_WHOLE_BYTES = 64 * 1024 * 1024;

/** Collects a file whose format cannot be read as a stream, up to a limit. */
export class WholeFile {
  readonly #what: string;
  readonly #max: number;
  // This only reserves addresses; memory is used page by page as the file arrives.
  #buffer: ArrayBuffer;
  #bytes: Uint8Array;
  #length = 0;

  /** @param what the kind of file, for messages: "Excel files" */
  constructor(what: string, maxBytes = DEFAULT_MAX_WHOLE_BYTES) {
    this.#what = what;
    this.#max = maxBytes;
    this.#buffer = new ArrayBuffer(0, { maxByteLength: maxBytes });
    this.#bytes = new Uint8Array(this.#buffer);
  }

  /** @throws {Failure} `whole-file-too-large` */
  push(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#max) {
      throw new Failure(
        "refused",
        "whole-file-too-large",
        `Cannot read the file: it has more than ${withCommas(this.#max)} bytes, the limit for ` +
          `${this.#what}, which are read into memory as a whole`,
        { hint: "Split the file, or ask the operator to raise sandbox.max_whole_file_mb." },
      );
    }
    if (length > this.#buffer.byteLength) this.#buffer.resize(length);
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }

  /** The whole file, without a copy. Nothing can be added afterwards. */
  view(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer, 0, this.#length);
  }

  /** Returns a copy of the whole file in a buffer of its size; the collection is empty afterwards. */
  take(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#buffer.transferToFixedLength(this.#length));
    this.#buffer = new ArrayBuffer(0);
    return whole;
  }
}
