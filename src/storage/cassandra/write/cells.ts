import type { ScalarType } from "../../../batch/column.ts";
import { writeBigint, writeDecimal, writeVarint } from "./encode_numbers.ts";
import { writeAscii, writeBytes, writeInet, writeTimeuuid, writeUuid } from "./encode_text.ts";
import { writeDate, writeDuration, writeTime, writeTimestamp } from "./encode_time.ts";
import type { CqlBytes } from "./cql_bytes.ts";

/** Converts a text of a batch to CQL's bytes, without their length. */
export type TextCell = (bytes: Uint8Array, start: number, end: number, out: CqlBytes) => void;
/** Writes a number of a batch after its length. */
type NumberCell = (value: number, out: CqlBytes) => void;

/** The types that are text or bytes in a batch. */
export const TEXT_CELLS: Partial<Record<ScalarType, TextCell>> = {
  ascii: writeAscii,
  bigint: writeBigint,
  blob: writeBytes,
  date: writeDate,
  decimal: writeDecimal,
  duration: writeDuration,
  inet: writeInet,
  text: writeBytes,
  time: writeTime,
  timestamp: writeTimestamp,
  timeuuid: writeTimeuuid,
  uuid: writeUuid,
  varint: writeVarint,
};

function writeTinyint(value: number, out: CqlBytes): void {
  out.int(1);
  out.byte(value);
}

/** The types that are numbers in a batch, whose ranges were checked when it was read. */
export const NUMBER_CELLS: Partial<Record<ScalarType, NumberCell>> = {
  boolean: writeTinyint,
  tinyint: writeTinyint,
  smallint(value, out) {
    out.int(2);
    out.short(value);
  },
  int(value, out) {
    out.int(4);
    out.int(value);
  },
  float(value, out) {
    out.int(4);
    out.view.setFloat32(out.at, value);
    out.at += 4;
  },
  double(value, out) {
    out.int(8);
    out.view.setFloat64(out.at, value);
    out.at += 8;
  },
};

/** Maximum bytes of a value beyond those of its text; numbers have no text. */
export const CELL_ROOM = 32;
