import { releaseMemory } from "../../../base/bytes.ts";
import type { XlsxOptions } from "../../../sdk/xlsx.ts";
import { rawText, type RecordSink } from "../contract.ts";
import { shownRecord } from "../plain_data.ts";
import type { FileReader, FileReaderLimits } from "../record_reader.ts";
import { DEFAULT_MAX_WHOLE_BYTES, WholeFile } from "../whole_file.ts";
import type { CellContext } from "./cell.ts";
import { emptySheet, listed, noSheet, quoted } from "./failures.ts";
import { MergedRanges } from "./merges.ts";
import { Package, readWorkbook, type Sheet, type Workbook } from "./package.ts";
import { SheetRecords } from "./records.ts";
import { SheetRows } from "./sheet.ts";
import { readSharedStrings } from "./strings.ts";
import { Styles } from "./styles.ts";
import { type XmlHandler, XmlStream } from "./xml.ts";

/** Larger pieces would become large strings, which make the heap grow. */
const PIECE_BYTES = 64 * 1024;

/**
 * Reads one sheet of a workbook. The archive and its shared texts are held in memory; the sheet is a
 * stream. A record's line is its row in the sheet; rows without a value are skipped.
 *
 * @throws {Failure} `end` throws `xlsx-corrupt`, `xlsx-too-large`, `xlsx-no-sheet`,
 * `xlsx-empty-sheet`, `xlsx-no-header`, `xlsx-bad-header`, and the failures of {@link Package.open}
 * and {@link WholeFile}
 */
export function xlsxReader(
  options: XlsxOptions,
  sink: RecordSink,
  limits: FileReaderLimits,
): FileReader {
  const file = new WholeFile("Excel files", limits.maxWholeBytes);
  let records: SheetRecords | null = null;
  return {
    push: (bytes) => file.push(bytes),
    raw: () => rawText(shownRecord(records?.current ?? [])),
    end: async () => {
      const parts = await Package.open(
        file.take(),
        limits.maxWholeBytes ?? DEFAULT_MAX_WHOLE_BYTES,
      );
      const workbook = await readWorkbook(parts);
      const sheet = chosenSheet(workbook, options);
      const context = await contextOf(parts, workbook);
      records = new SheetRecords(options, sheet.name, context, sink);
      if (options.header === false) {
        records.number(await widestRow(parts, sheet, context, options.skip ?? 0));
      }
      if (options.mergedCells === "fill") {
        records.merged = new MergedRanges();
        await readSheet(parts, sheet, records.merged, limits);
      }
      await readSheet(parts, sheet, records.rows, limits);
      if (records.isEmpty && options.sheet === undefined) {
        await refuseOthers(parts, workbook, sheet, context);
      }
      records.end();
      for (const notice of noticesOf(workbook, sheet, options, records)) sink.notice?.(notice);
    },
  };
}

async function contextOf(
  parts: Package,
  { styles, sharedStrings, is1904 }: Workbook,
): Promise<CellContext> {
  return {
    is1904,
    styles: await Styles.read(parts, styles),
    strings: await readSharedStrings(parts, sharedStrings),
  };
}

/** Streams a sheet. It ends early once `isEnough` is true. */
async function readSheet(
  parts: Package,
  { part }: Sheet,
  handler: XmlHandler,
  limits: FileReaderLimits,
  isEnough?: () => boolean,
): Promise<void> {
  const xml = new XmlStream(part, handler);
  for await (const bytes of parts.content(part)) {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      xml.push(bytes.subarray(at, at + PIECE_BYTES));
      if (isEnough?.()) return;
      await limits.room?.();
    }
    releaseMemory(bytes);
  }
  xml.end();
}

/** The number of columns with values in any row after the skipped ones. */
async function widestRow(
  parts: Package,
  sheet: Sheet,
  context: CellContext,
  skip: number,
): Promise<number> {
  let columns = 0;
  const rows = new SheetRows(context, ({ line, last }) => {
    if (line > skip) columns = Math.max(columns, last);
  });
  await readSheet(parts, sheet, rows, {});
  return columns;
}

function chosenSheet({ sheets }: Workbook, { sheet = 1 }: XlsxOptions): Sheet {
  const chosen = typeof sheet === "number"
    ? sheets.filter(({ isHidden }) => !isHidden)[sheet - 1]
    : sheets.find(({ name }) => name === sheet);
  if (chosen === undefined) throw noSheet(sheet, sheets);
  return chosen;
}

/** @throws {Failure} `xlsx-empty-sheet` if another visible sheet has a value */
async function refuseOthers(
  parts: Package,
  { sheets }: Workbook,
  empty: Sheet,
  context: CellContext,
): Promise<void> {
  for (const sheet of sheets) {
    if (sheet === empty || sheet.isHidden) continue;
    let hasValue = false;
    const rows = new SheetRows(context, () => void (hasValue = true));
    await readSheet(parts, sheet, rows, {}, () => hasValue);
    if (hasValue) throw emptySheet(empty.name, sheet.name);
  }
}

function noticesOf(
  { sheets, isUncalculated }: Workbook,
  read: Sheet,
  options: XlsxOptions,
  { rows }: SheetRecords,
): string[] {
  const notices: string[] = [];
  const others = options.sheet === undefined ? sheets.filter((sheet) => sheet !== read) : [];
  const visible = others.filter(({ isHidden }) => !isHidden).map(({ name }) => name);
  const hidden = others.filter(({ isHidden }) => isHidden).map(({ name }) => name);
  const only = `only the sheet ${quoted(read.name)} was read`;
  if (visible.length > 0) notices.push(`${only}, not ${listed(visible)}`);
  if (hidden.length > 0) notices.push(`${only}, not the hidden ${listed(hidden)}`);
  if (isUncalculated && rows.hasFormulas) {
    notices.push(
      `the sheet ${quoted(read.name)} has formulas whose saved values may be wrong: the program ` +
        "that wrote the workbook left their calculation to the next one; open and save it in Excel",
    );
  }
  return notices;
}
