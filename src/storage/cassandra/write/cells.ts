import type { ScalarType } from "../../../batch/column.ts";
import { writeDuration } from "./encode_duration.ts";
import { writeBigint, writeDecimal, writeVarint } from "./encode_numbers.ts";
import { writeAscii, writeBytes, writeInet, writeTimeuuid, writeUuid } from "./encode_text.ts";
import { writeDate, writeTime, writeTimestamp } from "./encode_time.ts";
import type { CqlBytes } from "./cql_bytes.ts";

/** Writes what a text of a batch means, without its length. */
export type TextCell = (bytes: Uint8Array, start: number, end: number, out: CqlBytes) => void;
/** Writes a number of a batch with its length before it. */
export type NumberCell = (value: number, out: CqlBytes) => void;

/** How values of a type that cross as text or bytes become CQL's. */
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

/** How values of a type that cross as numbers become CQL's; the batch's reader checked their range. */
export const NUMBER_CELLS: Partial<Record<ScalarType, NumberCell>> = {
  boolean(value, out) {
    out.int(1);
    out.byte(value);
  },
  tinyint(value, out) {
    out.int(1);
    out.byte(value);
  },
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

/** The most bytes that a value may take beyond those of its text: numbers have no text at all. */
export const CELL_ROOM = 32;
