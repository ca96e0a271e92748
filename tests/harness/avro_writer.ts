// Writes small Avro files for tests, byte by byte, from the format's specification.
import { Buffer } from "node:buffer";

const SYNC = Buffer.alloc(16, 7);

/** A variable-length integer, as `int` and `long` are stored. */
export function long(value: number | bigint): Buffer {
  const wide = BigInt(value);
  let rest = wide >= 0n ? wide << 1n : (-wide << 1n) - 1n;
  const bytes: number[] = [];
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/** `bytes` or a `string`: their length, then they themselves. */
export function bytes(value: string | Uint8Array): Buffer {
  const content = Buffer.from(value as Uint8Array);
  return Buffer.concat([long(content.length), content]);
}

/** A container file with this schema and records that are encoded already, one block each. */
export function writeAvro(schema: unknown, records: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const meta = [long(1), bytes("avro.schema"), bytes(JSON.stringify(schema)), long(0)];
  const blocks = records.flatMap((record) => [long(1), bytes(record), SYNC]);
  return new Uint8Array(
    Buffer.concat([Buffer.from("Obj\x01", "latin1"), ...meta, SYNC, ...blocks]),
  );
}
