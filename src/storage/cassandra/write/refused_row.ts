import { Buffer } from "node:buffer";
import { types } from "cassandra-driver";
import { Failure } from "../../../base/failure.ts";
import type { ColumnType, TableSpec } from "../../../batch/column.ts";
import { keyOf } from "../../table_rules.ts";
import type { ChunkRequest } from "./chunk.ts";

/** Where the values of the first row start: after its length and the count of its values. */
const FIRST_VALUE = 6;
const MAX_VALUE_CHARS = 100;

/** Adds the key of a request's first row to a refusal, so that its record can be found in the file. */
export function withKey(refusal: Failure, request: ChunkRequest, table: TableSpec): Failure {
  const { kind, code, hint, cause, details } = refusal;
  const text = `${refusal.message}. The row has the key ${keyTextOf(request, table)}`;
  return new Failure(kind, code, text, { ...(hint && { hint }), cause, details });
}

function keyTextOf({ bytes }: ChunkRequest, table: TableSpec): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = FIRST_VALUE;
  const values = keyOf(table).map((name) => {
    const { type } = table.columns.find((column) => column.name === name)!;
    const length = view.getInt32(at);
    const value = bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    return `${name} = ${shortened(valueText(Buffer.from(value), type))}`;
  });
  return values.join(", ");
}

function shortened(text: string): string {
  return text.length <= MAX_VALUE_CHARS ? text : `${text.slice(0, MAX_VALUE_CHARS)}…`;
}

/** A value of a key as people write it. */
function valueText(bytes: Buffer, type: ColumnType): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (type) {
    case "text":
    case "ascii":
      return JSON.stringify(bytes.toString());
    case "boolean":
      return String(bytes[0] === 1);
    case "tinyint":
      return String(view.getInt8(0));
    case "smallint":
      return String(view.getInt16(0));
    case "int":
      return String(view.getInt32(0));
    case "bigint":
      return String(view.getBigInt64(0));
    case "float":
      return String(view.getFloat32(0));
    case "double":
      return String(view.getFloat64(0));
    case "varint":
      return types.Integer.fromBuffer(bytes).toString();
    case "decimal":
      return types.BigDecimal.fromBuffer(bytes).toString();
    case "uuid":
    case "timeuuid":
      return new types.Uuid(bytes).toString();
    case "timestamp":
      return new Date(Number(view.getBigInt64(0))).toISOString();
    case "date":
      return types.LocalDate.fromBuffer(bytes).toString();
    case "time":
      return types.LocalTime.fromBuffer(bytes).toString();
    case "inet":
      return new types.InetAddress(bytes).toString();
    default:
      return `0x${bytes.toString("hex")}`;
  }
}
