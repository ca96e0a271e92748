import type { XlsxOptions } from "../../../src/sdk/xlsx.ts";
import { xlsxReader } from "../../../src/sandbox/formats/xlsx/reader.ts";
import type { FileReader, FileReaderLimits } from "../../../src/sandbox/formats/record_reader.ts";
import { type CellSpec, workbook, type WorkbookOptions } from "../../harness/workbooks.ts";
import { faults, records, type SinkCall } from "./recording.ts";

export interface Reading {
  calls: SinkCall[];
  header: readonly string[];
  records: unknown[][];
  /** The rejects, as "line: reason". */
  faults: string[];
  notices: string[];
  /** The failure's code and message; null if the file was read. */
  failure: string | null;
}

/** Reads a workbook into memory. @param wanted the columns that the module reads; all if not given */
export async function readXlsx(
  bytes: Uint8Array,
  options: XlsxOptions = {},
  limits: FileReaderLimits = {},
  wanted?: readonly string[],
): Promise<Reading> {
  const calls: SinkCall[] = [];
  const notices: string[] = [];
  let header: readonly string[] = [];
  const reader: FileReader = xlsxReader(options, {
    wants: (names) => wanted ?? names,
    header: (names) => void (header = names),
    fields: (fields, line) => void calls.push({ fields, line, raw: reader.raw() }),
    value: () => {},
    fault: (fault) => void calls.push({ fault }),
    skip: (skip) => void calls.push({ skip }),
    notice: (text) => void notices.push(text),
  }, limits);
  let failure: string | null = null;
  try {
    reader.push(bytes);
    await reader.end();
  } catch (error) {
    failure = `${(error as { code?: string }).code}: ${(error as Error).message}`;
  }
  const rejects = faults(calls).map(({ line, reason }) => `${line}: ${reason}`);
  return { calls, header, records: records(calls), faults: rejects, notices, failure };
}

/** The values of cells below the header `v`, one in each row; a reject is its reason. */
export async function readCells(
  cells: readonly CellSpec[],
  workbookOptions: WorkbookOptions = {},
  options: XlsxOptions = {},
): Promise<unknown[]> {
  const rows = [["v", "last"], ...cells.map((cell) => [cell, "."])];
  const { calls, failure } = await readXlsx(await workbook([{ rows }], workbookOptions), options);
  if (failure !== null) throw new Error(failure);
  return calls.map((call) => {
    if ("fields" in call) return call.fields[0];
    return "fault" in call ? call.fault.reason.replace(/^[A-Z]+\d+ /, "reject: ") : "skip";
  });
}
