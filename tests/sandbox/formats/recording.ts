import type {
  RecordFault,
  RecordReader,
  RecordSink,
} from "../../../src/sandbox/formats/contract.ts";
import { csvReader } from "../../../src/sandbox/formats/csv.ts";
import type { CsvOptions } from "../../../src/sdk/csv.ts";

/** What a sink was told, in order, as plain data. */
export type Told =
  | { header: readonly string[] }
  | { fields: unknown[]; line: number; raw: string }
  | { value: unknown; line: number }
  | { fault: RecordFault }
  | { skip: number };

/** A sink that writes down what it is told, with the reader's raw text where there is one. */
export function recordingSink(told: Told[], reader: () => RecordReader | null): RecordSink {
  return {
    header: (header) => told.push({ header }),
    fields: (fields, line) => told.push({ fields, line, raw: reader()?.raw() ?? "" }),
    value: (value, line) => told.push({ value, line }),
    fault: (fault) => told.push({ fault }),
    skip: (skip) => told.push({ skip }),
  };
}

/** Reads pieces of CSV; a thrown failure is the last thing told. */
export function readCsv(
  pieces: readonly string[],
  options: CsvOptions = {},
  maxRecordChars?: number,
): { told: Told[]; thrown: unknown } {
  const told: Told[] = [];
  let reader: RecordReader | null = null;
  const sink = recordingSink(told, () => reader);
  try {
    reader = csvReader(options, sink, maxRecordChars === undefined ? {} : { maxRecordChars });
    for (const piece of pieces) reader.push(piece);
    reader.end();
    return { told, thrown: null };
  } catch (thrown) {
    return { told, thrown };
  }
}

export function records(told: readonly Told[]): unknown[][] {
  return told.flatMap((one) => "fields" in one ? [one.fields] : []);
}

export function faults(told: readonly Told[]): RecordFault[] {
  return told.flatMap((one) => "fault" in one ? [one.fault] : []);
}

/** Cuts at the given positions, taken modulo the length. */
export function cutAt<T extends { length: number; slice(from: number, to?: number): T }>(
  whole: T,
  positions: readonly number[],
): T[] {
  const cuts = positions.map((position) => position % (whole.length + 1)).sort((a, b) => a - b);
  return [...cuts, whole.length].map((cut, index) => whole.slice(cuts[index - 1] ?? 0, cut));
}
