import { Buffer } from "node:buffer";
import { avroCutShort, blockTooLarge, corruptAvro } from "./failures.ts";
import { type AvroCodec, avroCodec } from "./codec.ts";
import { DEFAULT_MAX_WHOLE_BYTES } from "../whole_file.ts";

const MAGIC = Buffer.from("Obj\x01", "latin1");
const SYNC_BYTES = 16;
/** Maximum bytes of a long, which is stored as a varint. */
const LONG_BYTES = 10;

/** Splits an Avro container file into its header and its blocks. */
export class AvroBlocks {
  readonly #maxBytes: number;
  readonly #onSchema: (schema: string) => void;
  readonly #onBlock: (data: Buffer, count: number) => void;
  #pieces: Uint8Array[] = [];
  #have = 0;
  /** Bytes that are needed before parsing can continue. */
  #need = MAGIC.length;
  #sync: Buffer | null = null;
  #unpack: AvroCodec = (data) => data;

  /**
   * @param maxBytes maximum size of a block, compressed and decompressed
   * @param onSchema receives the schema's JSON, once, before the first block
   * @param onBlock receives a block's encoded records and their count
   */
  constructor(
    maxBytes: number = DEFAULT_MAX_WHOLE_BYTES,
    onSchema: (schema: string) => void,
    onBlock: (data: Buffer, count: number) => void,
  ) {
    this.#maxBytes = maxBytes;
    this.#onSchema = onSchema;
    this.#onBlock = onBlock;
  }

  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#have += bytes.length;
    if (this.#have < this.#need) return;
    const all = Buffer.concat(this.#pieces);
    let at = this.#sync === null ? this.#header(all) : 0;
    while (this.#sync !== null) {
      const next = this.#block(all, at);
      if (next === at) break;
      at = next;
    }
    this.#pieces = [all.subarray(at)];
    this.#have = all.length - at;
  }

  /** @throws {Failure} `avro-cut-short` */
  end(): void {
    // The header may wait for more bytes than it needs.
    this.#need = 0;
    this.push(new Uint8Array(0));
    if (this.#sync === null || this.#have > 0) throw avroCutShort();
  }

  /** Reads the header if it is complete. @returns where the blocks begin */
  #header(all: Buffer): number {
    if (!all.subarray(0, MAGIC.length).equals(MAGIC)) throw corruptAvro("it is not an Avro file");
    const meta = metadata(all, MAGIC.length, this.#maxBytes);
    const end = meta && meta.end + SYNC_BYTES;
    if (meta === null || end === null || end > all.length) {
      if (all.length > this.#maxBytes) throw blockTooLarge(this.#maxBytes);
      this.#need = 2 * all.length;
      return 0;
    }
    this.#unpack = avroCodec(meta.value.get("avro.codec")?.toString() ?? "null", this.#maxBytes);
    this.#onSchema(meta.value.get("avro.schema")?.toString() ?? "");
    this.#sync = all.subarray(meta.end, end);
    return end;
  }

  /** Reads the block at `at` if it is complete. @returns where the next one begins */
  #block(all: Buffer, at: number): number {
    const count = readLong(all, at);
    const size = count && readLong(all, count.end);
    if (count === null || size === null) {
      if (all.length - at >= 2 * LONG_BYTES) throw corruptAvro("a block has no length");
      this.#need = all.length - at + 1;
      return at;
    }
    if (count.value < 0 || size.value < 0) throw corruptAvro("a block has a negative length");
    if (size.value > this.#maxBytes) throw blockTooLarge(this.#maxBytes);
    const dataEnd = size.end + size.value;
    const end = dataEnd + SYNC_BYTES;
    if (end > all.length) {
      this.#need = end - at;
      return at;
    }
    if (!all.subarray(dataEnd, end).equals(this.#sync!)) {
      throw corruptAvro("the sync marker after a block is wrong");
    }
    this.#onBlock(this.#unpack(all.subarray(size.end, dataEnd)), count.value);
    return end;
  }
}

interface Found<T> {
  value: T;
  /** The index after it. */
  end: number;
}

/**
 * The header's map of bytes; null if it is incomplete. The library would loop for as many entries as a
 * tiny file may state; here each entry must exist.
 */
function metadata(
  bytes: Buffer,
  start: number,
  maxBytes: number,
): Found<Map<string, Buffer>> | null {
  const value = new Map<string, Buffer>();
  for (let at = start;;) {
    const count = readLong(bytes, at);
    // A negative count is followed by the size of its entries.
    const first = count && count.value < 0 ? readLong(bytes, count.end) : count;
    if (count === null || first === null) return null;
    at = first.end;
    if (count.value === 0) return { value, end: at };
    for (let i = 0; i < Math.abs(count.value); i++) {
      const key = readBytes(bytes, at, maxBytes);
      const content = key && readBytes(bytes, key.end, maxBytes);
      if (key === null || content === null) return null;
      value.set(key.value.toString(), content.value);
      at = content.end;
    }
  }
}

/** Bytes after their length; null if they are incomplete. */
function readBytes(bytes: Buffer, start: number, maxBytes: number): Found<Buffer> | null {
  const length = readLong(bytes, start);
  if (length === null) return null;
  if (length.value < 0) throw corruptAvro("its header has a negative length");
  if (length.value > maxBytes) throw blockTooLarge(maxBytes);
  const end = length.end + length.value;
  return end > bytes.length ? null : { value: bytes.subarray(length.end, end), end };
}

/** A zig-zag varint; null if it is incomplete. */
function readLong(bytes: Buffer, start: number): Found<number> | null {
  let unsigned = 0n;
  for (let i = 0; i < LONG_BYTES; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) return null;
    unsigned |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) {
      return { value: Number((unsigned >> 1n) ^ -(unsigned & 1n)), end: start + i + 1 };
    }
  }
  throw corruptAvro("a block has no length");
}
