import { snappyUncompress } from "hyparquet";
import { Buffer } from "node:buffer";
import { crc32, inflateRawSync } from "node:zlib";
import { blockTooLarge, corruptAvro, unknownCodec } from "./failures.ts";

/** Decompresses a block. */
export type AvroCodec = (data: Buffer) => Buffer;

const CHECKSUM_BYTES = 4;

/**
 * @param maxBytes maximum size of a decompressed block
 * @throws {Failure} `avro-codec`; the returned codec throws `avro-corrupt`, `avro-block-too-large`
 */
export function avroCodec(name: string, maxBytes: number): AvroCodec {
  switch (name) {
    case "null":
      return (data) => data;
    case "deflate":
      return (data) => inflate(data, maxBytes);
    case "snappy":
      return (data) => unsnap(data, maxBytes);
    default:
      throw unknownCodec(name, ["null", "deflate", "snappy"]);
  }
}

function inflate(data: Buffer, maxBytes: number): Buffer {
  try {
    return inflateRawSync(data, { maxOutputLength: maxBytes });
  } catch (error) {
    const isTooLarge = error instanceof Error && "code" in error &&
      error.code === "ERR_BUFFER_TOO_LARGE";
    throw isTooLarge ? blockTooLarge(maxBytes) : corruptAvro("a block is damaged", error);
  }
}

/** Snappy's raw format, followed by the CRC of the decompressed bytes. */
function unsnap(data: Buffer, maxBytes: number): Buffer {
  if (data.length < CHECKSUM_BYTES) throw corruptAvro("a block is damaged");
  const packed = data.subarray(0, -CHECKSUM_BYTES);
  const length = unpackedLength(packed);
  if (length > maxBytes) throw blockTooLarge(maxBytes);
  const out = Buffer.alloc(length);
  try {
    snappyUncompress(packed, out);
  } catch (error) {
    throw corruptAvro("a block is damaged", error);
  }
  if (crc32(out) !== data.readUInt32BE(packed.length)) {
    throw corruptAvro("a block's checksum is wrong");
  }
  return out;
}

/** The varint at the start of snappy's raw format. */
function unpackedLength(packed: Buffer): number {
  let length = 0;
  for (let i = 0; i < 5 && i < packed.length; i++) {
    length += (packed[i]! & 0x7f) * 2 ** (7 * i);
    if (packed[i]! < 0x80) return length;
  }
  throw corruptAvro("a block is damaged");
}
