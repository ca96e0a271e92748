import { InvalidInputError, readSheet, SheetNotFoundError } from "read-excel-file/universal";
import type { XlsxCell, XlsxOptions } from "../../sdk/xlsx.ts";
import { Failure, messageOf } from "../../base/failure.ts";
import { rawText, type RecordSink } from "./contract.ts";
import { shownRecord } from "./plain_data.ts";
import type { FileReader, FileReaderLimits } from "./record_reader.ts";
import { DEFAULT_MAX_WHOLE_BYTES, WholeFile } from "./whole_file.ts";
import { withoutCompression } from "./zip.ts";

/** How much larger the parts of a workbook may be than the largest file that is read as a whole. */
const UNPACKED_FACTOR = 4;
const ROWS_BETWEEN_PAUSES = 1_000;

/**
 * Reads one sheet of a workbook. A record's line is its row in the sheet; a row without a value is
 * skipped.
 *
 * @throws {Failure} from `end`: `xlsx-corrupt`, `xlsx-no-sheet`, `xlsx-bad-header`, and what
 * {@link withoutCompression} and {@link WholeFile} throw
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
      if (Array.isArray(options.header)) width = told(options.header, sink);
      for (const [i, cells] of rows.entries()) {
        current = cells;
        if (i % ROWS_BETWEEN_PAUSES === 0) await limits.room?.();
        const line = i + 1;
        const last = cells.findLastIndex((cell) => cell !== null);
        if (last < 0) sink.skip(line);
        else if (width === null && options.header !== false) width = told(namesOf(cells), sink);
        else if (width !== null && last >= width) {
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
  // The library would unpack large parts in threads of its own, and all of them whatever their size.
  const plain = await withoutCompression(bytes, { maxBytes: UNPACKED_FACTOR * maxWholeBytes });
  try {
    return await readSheet(plain.buffer, sheet) as XlsxCell[][];
  } catch (error) {
    if (error instanceof SheetNotFoundError) throw noSheet(sheet);
    const what = error instanceof InvalidInputError ? "it is not a workbook" : messageOf(error);
    throw new Failure("refused", "xlsx-corrupt", `Cannot read the Excel file: ${what}`, {
      hint: "Open it in a spreadsheet program, save it as .xlsx and send it again.",
      cause: error,
    });
  }
}

/** The names of the columns; what is behind the last name is none. */
function namesOf(cells: readonly XlsxCell[]): string[] {
  const named = cells.slice(0, cells.findLastIndex((cell) => cell !== null) + 1);
  const seen = new Map<string, number>();
  return named.map((cell, i) => {
    const name = cell instanceof Date ? cell.toISOString() : String(cell ?? "");
    const earlier = seen.get(name);
    if (name.trim() === "") throw badHeader(`column ${i + 1} has no name`);
    if (earlier !== undefined) {
      const shown = JSON.stringify(name.slice(0, 200));
      throw badHeader(`columns ${earlier} and ${i + 1} are both named ${shown}`);
    }
    seen.set(name, i + 1);
    return name;
  });
}

function told(names: readonly string[], sink: RecordSink): number {
  sink.header?.(names);
  return names.length;
}

function fitted(cells: readonly XlsxCell[], width: number): XlsxCell[] {
  return Array.from({ length: width }, (_, i) => cells[i] ?? null);
}

function badHeader(state: string): Failure {
  return new Failure(
    "refused",
    "xlsx-bad-header",
    `Cannot read the header of the sheet: ${state}`,
    {
      hint: "Name every column once. If the sheet has no header, give the names: " +
        "xlsx({ header: [...] }).",
    },
  );
}

function noSheet(sheet: string | number): Failure {
  const shown = JSON.stringify(sheet);
  return new Failure(
    "refused",
    "xlsx-no-sheet",
    `Cannot read the sheet ${shown}: it is not there`,
    {
      hint: "Name the sheet, or its number from 1, with xlsx({ sheet: … }).",
    },
  );
}
