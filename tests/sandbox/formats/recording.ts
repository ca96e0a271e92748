import type {
  RecordFault,
  RecordReader,
  RecordSink,
} from "../../../src/sandbox/formats/contract.ts";
import { csvReader } from "../../../src/sandbox/formats/csv/reader.ts";
import type { CsvOptions } from "../../../src/sdk/csv.ts";

/** A call to a sink, as plain data. */
export type SinkCall =
  | { header: readonly string[] }
  | { fields: unknown[]; line: number; raw: string }
  | { value: unknown; line: number }
  | { fault: RecordFault }
  | { skip: number };

/** A sink that records its calls, with the reader's raw text if there is a reader. */
export function recordingSink(calls: SinkCall[], reader: () => RecordReader | null): RecordSink {
  return {
    header: (header) => calls.push({ header }),
    fields: (fields, line) => calls.push({ fields, line, raw: reader()?.raw() ?? "" }),
    value: (value, line) => calls.push({ value, line }),
    fault: (fault) => calls.push({ fault }),
    skip: (skip) => calls.push({ skip }),
  };
}

/** Reads pieces of CSV. @returns the calls to the sink, and the error if one was thrown */
export function readCsv(
  pieces: readonly string[],
  options: CsvOptions = {},
  maxRecordChars?: number,
): { calls: SinkCall[]; error: unknown } {
  const calls: SinkCall[] = [];
  let reader: RecordReader | null = null;
  const sink = recordingSink(calls, () => reader);
  try {
    reader = csvReader(options, sink, maxRecordChars === undefined ? {} : { maxRecordChars });
    for (const piece of pieces) reader.push(piece);
    reader.end();
    return { calls, error: null };
  } catch (error) {
    return { calls, error };
  }
}

export function records(calls: readonly SinkCall[]): unknown[][] {
  return calls.flatMap((one) => "fields" in one ? [one.fields] : []);
}

export function faults(calls: readonly SinkCall[]): RecordFault[] {
  return calls.flatMap((one) => "fault" in one ? [one.fault] : []);
}

/** Splits at the given positions, taken modulo the length. */
export function cutAt<T extends { length: number; slice(from: number, to?: number): T }>(
  whole: T,
  positions: readonly number[],
): T[] {
  const cuts = positions.map((position) => position % (whole.length + 1)).sort((a, b) => a - b);
  return [...cuts, whole.length].map((cut, index) => whole.slice(cuts[index - 1] ?? 0, cut));
}
