import { parseDate, parseTime, parseTimestamp } from "../../values/times.ts";
import { writtenFormat } from "../../values/written_format.ts";
import type { TemporalType } from "./temporal_shape.ts";

const ISO: Record<TemporalType, (text: string) => string | null> = {
  date: parseDate,
  time: parseTime,
  timestamp: parseTimestamp,
};

/** Whether a column of this type reads a text without a format. */
export function fitsIso(type: TemporalType, text: string): boolean {
  try {
    return ISO[type](text) !== null;
  } catch {
    return false;
  }
}

/** Whether a text has the form of a format, and is an existing day or time. */
export function fitsFormat(format: string, text: string): boolean {
  return writtenFormat(format).read(text) !== null;
}
