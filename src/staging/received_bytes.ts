import { createHash } from "node:crypto";
import { readPieces, sha256OfFile } from "../base/read_file.ts";
import { statIfThere } from "../data/durable.ts";
import type { FileReason, ReceivedFile } from "../protocol/file_view.ts";

/** The reason of a file that cannot be loaded because its bytes are gone. */
export function bytesLost({ name }: Pick<ReceivedFile, "name">): FileReason {
  const message = `Cannot load "${name}": its bytes are gone from the server. Send the file again.`;
  return { code: "bytes-lost", message };
}

/** The reason of a loaded file whose rows are gone from the storage, and whose bytes are gone too. */
export function rowsLost({ name }: Pick<ReceivedFile, "name">): FileReason {
  const message = `The rows of "${name}" are gone from the storage, and its bytes are gone too. ` +
    "Send the file again.";
  return { code: "rows-lost", message };
}

function bytesChanged({ name }: ReceivedFile, how: string): FileReason {
  const message = `Cannot load "${name}": its bytes on the server have changed since it was ` +
    `received (${how}). Send the file again.`;
  return { code: "bytes-changed", message };
}

/**
 * Reads a file that was received, and finds out whether it still has the bytes that were received.
 *
 * @example
 * ```ts ignore
 * const bytes = new ReceivedBytes(path, record);
 * for await (const piece of bytes.read()) await send(piece);
 * const reason = await bytes.fault(); // null
 * ```
 */
export class ReceivedBytes {
  readonly #path: string;
  readonly #file: ReceivedFile;
  /** Of the bytes that were read last; null until all were read. */
  #sha256: string | null = null;

  constructor(path: string, file: ReceivedFile) {
    this.#path = path;
    this.#file = file;
  }

  /** Yields the bytes. Each piece is valid until the next one is requested. */
  async *read(): AsyncGenerator<Uint8Array> {
    this.#sha256 = null;
    const hash = createHash("sha256");
    for await (const piece of readPieces(this.#path)) {
      hash.update(piece);
      yield piece;
    }
    this.#sha256 = hash.digest("hex");
  }

  /** Why the file cannot be read as it was received, by its size; null if it can. */
  async faultOfSize(): Promise<FileReason | null> {
    const stat = await statIfThere(this.#path);
    if (!stat?.isFile) return bytesLost(this.#file);
    const { size } = this.#file;
    if (stat.size === size) return null;
    return bytesChanged(this.#file, `${stat.size} bytes instead of ${size}`);
  }

  /** The same, by its content. Bytes that were read to the end are not read again. */
  async fault(): Promise<FileReason | null> {
    const fault = await this.faultOfSize();
    if (fault) return fault;
    const sha256 = this.#sha256 ?? await sha256OfFile(this.#path);
    return sha256 === this.#file.sha256 ? null : bytesChanged(this.#file, "another SHA-256");
  }
}
