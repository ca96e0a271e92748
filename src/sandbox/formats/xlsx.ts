import { InvalidInputError, readSheet, SheetNotFoundError } from "read-excel-file/universal";
import type { XlsxCell, XlsxOptions } from "../../sdk/xlsx.ts";
import { Failure, messageOf } from "../../base/failure.ts";
import { columnNameFault } from "./column_names.ts";
import { rawText, type RecordSink } from "./contract.ts";
import { shownRecord } from "./plain_data.ts";
import type { FileReader, FileReaderLimits } from "./record_reader.ts";
import { DEFAULT_MAX_WHOLE_BYTES, WholeFile } from "./whole_file.ts";
import { withoutCompression } from "./zip.ts";

/** A workbook may unpack to this many times the maximum size of a file that is read as a whole. */
const UNPACKED_FACTOR = 4;
const ROWS_BETWEEN_PAUSES = 1_000;

/**
 * Reads one sheet of a workbook. A record's line is its row in the sheet; rows without a value are
 * skipped.
 *
 * @throws {Failure} `end` throws `xlsx-corrupt`, `xlsx-no-sheet`, `xlsx-bad-header`, and the failures
 * of {@link withoutCompression} and {@link WholeFile}
 */
export function xlsxReader(
  options: XlsxOptions,
  sink: RecordSink,
  limits: FileReaderLimits,
): FileReader {
  const file = new WholeFile("Excel files", limits.maxWholeBytes);
  let current: readonly XlsxCell[] = [];
  return {
    push: (bytes) => file.push(bytes),
    raw: () => rawText(shownRecord(current)),
    end: async () => {
      const rows = await rowsOf(file.take(), options.sheet ?? 1, limits);
      let width: number | null = null;
      if (Array.isArray(options.header)) width = reportHeader(options.header, sink);
      for (const [i, cells] of rows.entries()) {
        current = cells;
        if (i % ROWS_BETWEEN_PAUSES === 0) await limits.room?.();
        const line = i + 1;
        const last = cells.findLastIndex((cell) => cell !== null);
        if (last < 0) sink.skip(line);
        else if (width === null && options.header !== false) {
          width = reportHeader(namesOf(cells), sink);
        } else if (width !== null && last >= width) {
          const reason = `has a value in column ${last + 1}, the header has ${width}`;
          sink.fault({ line, column: last + 1, reason, raw: rawText(shownRecord(cells)) });
        } else sink.fields(fitted(cells, width ?? cells.length), line);
      }
    },
  };
}

async function rowsOf(
  bytes: Uint8Array,
  sheet: string | number,
  { maxWholeBytes = DEFAULT_MAX_WHOLE_BYTES }: FileReaderLimits,
): Promise<XlsxCell[][]> {
  // The library would unpack parts of any size, the large ones in new threads.
  const plain = await withoutCompression(bytes, {
    maxBytes: UNPACKED_FACTOR * maxWholeBytes,
    setting: "sandbox.max_whole_file_mb",
  });
  try {
    return await readSheet(plain.buffer, sheet) as XlsxCell[][];
  } catch (error) {
    if (error instanceof SheetNotFoundError) throw noSheet(sheet);
    const what = error instanceof InvalidInputError ? "it is not a workbook" : messageOf(error);
    throw new Failure("refused", "xlsx-corrupt", `Cannot read the Excel file: ${what}`, {
      hint: "Open it in a spreadsheet program, save it as .xlsx and resend it.",
      cause: error,
    });
  }
}

/** The column names, up to the last cell with a value. */
function namesOf(cells: readonly XlsxCell[]): string[] {
  const names = cells.slice(0, cells.findLastIndex((cell) => cell !== null) + 1)
    .map((cell) => cell instanceof Date ? cell.toISOString() : String(cell ?? ""));
  const fault = columnNameFault(names);
  if (fault !== null) throw badHeader(fault.state);
  return names;
}

function reportHeader(names: readonly string[], sink: RecordSink): number {
  sink.header?.(names);
  return names.length;
}

function fitted(cells: readonly XlsxCell[], width: number): XlsxCell[] {
  return Array.from({ length: width }, (_, i) => cells[i] ?? null);
}

function badHeader(state: string): Failure {
  const text = `Cannot read the header of the sheet: ${state}`;
  return new Failure("refused", "xlsx-bad-header", text, {
    hint: "Give every column a different name. If the sheet has no header, pass the names with " +
      "xlsx({ header: [...] }).",
  });
}

function noSheet(sheet: string | number): Failure {
  const shown = JSON.stringify(sheet);
  const text = `Cannot read the sheet ${shown}: the workbook does not have it`;
  return new Failure("refused", "xlsx-no-sheet", text, {
    hint: "Set the sheet's name, or its number from 1, with xlsx({ sheet: … }).",
  });
}
