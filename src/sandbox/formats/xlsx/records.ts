import type { XlsxCell, XlsxOptions } from "../../../sdk/xlsx.ts";
import { foldedName } from "../column_names.ts";
import { rawText, type RecordSink } from "../contract.ts";
import { FileHeader } from "../header.ts";
import { shownRecord } from "../plain_data.ts";
import { type CellContext, CellFault, UNSAVED } from "./cell.ts";
import { headerFailures, noTextColumn } from "./failures.ts";
import type { MergedRanges } from "./merges.ts";
import { columnName } from "./reference.ts";
import { type SheetRow, SheetRows } from "./sheet.ts";

/** Maximum number of cells that the reason of a reject names. */
const MAX_NAMED_CELLS = 3;
const SAVE_HINT = " (open the file in Excel and save it)";

/** Turns the rows of a sheet into a header and records. */
export class SheetRecords {
  /** Receives the XML of the sheet. */
  readonly rows: SheetRows;
  /** The cells of the record being delivered. */
  current: readonly unknown[] = [];
  isEmpty = true;
  /** The merged ranges to fill, if the module wants that. */
  merged: MergedRanges | null = null;
  readonly #options: XlsxOptions;
  readonly #sink: RecordSink;
  readonly #header: FileHeader;
  /** For each column whether the module reads it. Errors in the others do not matter. */
  #isWanted: readonly boolean[] = [];
  /** The last row that was handled. */
  #line: number;

  constructor(options: XlsxOptions, sheet: string, context: CellContext, sink: RecordSink) {
    this.#options = options;
    this.#sink = sink;
    this.rows = new SheetRows(context, (row) => this.#row(row));
    this.#header = new FileHeader(options, headerFailures(sheet));
    const { given, isPending } = this.#header;
    this.#line = options.skip ?? 0;
    if (given !== null && !isPending) this.#name(given);
  }

  /** @throws {Failure} `xlsx-no-header` */
  end(): void {
    this.#header.end();
  }

  #row(row: SheetRow): void {
    this.isEmpty = false;
    if (row.line <= (this.#options.skip ?? 0)) return;
    this.current = row.cells;
    this.merged?.fill(row, this.rows.maxColumns, this.#header.isPending);
    while (++this.#line < row.line) this.#sink.skip(this.#line);
    if (this.#header.isPending) return this.#takeHeader(row);
    this.#record(row);
  }

  #takeHeader({ line, cells }: SheetRow): void {
    const fault = cells.findIndex((cell) => cell instanceof CellFault);
    if (fault >= 0) {
      const { reason } = cells[fault] as CellFault;
      this.#header.refuse(
        line,
        `has a cell ${columnName(fault + 1)}${line} that ${reason}`,
        fault + 1,
      );
    }
    const names = this.#header.take(cells.map(nameOf), line);
    if (names !== null) this.#name(names);
  }

  /** Names the columns of a sheet without a header by their positions. */
  number(columns: number): void {
    if (columns > 0) this.#name(Array.from({ length: columns }, (_, i) => String(i + 1)));
  }

  #name(names: readonly string[]): void {
    const wanted = new Set(this.#sink.wants?.(names) ?? names);
    this.#isWanted = names.map((name) => wanted.has(name));
    this.rows.maxColumns = names.length;
    this.rows.textColumns = this.#textColumns(names);
    this.#sink.header?.(names.filter((name) => wanted.has(name)));
  }

  /** @throws {Failure} `column-missing` */
  #textColumns(names: readonly string[]): true | readonly boolean[] {
    const { text = false, aliases = {}, optional = [], match = "exact" } = this.#options;
    if (typeof text === "boolean") return text || [];
    const keyOf = match === "loose" ? foldedName : (name: string) => name;
    const keys = names.map(keyOf);
    const isText = new Set<string>();
    const missing = text.filter((name) => {
      const found = [name, aliases[name] ?? []].flat().map(keyOf).filter((key) =>
        keys.includes(key)
      );
      for (const key of found) isText.add(key);
      return found.length === 0 && !optional.includes(name);
    });
    if (missing.length > 0) throw noTextColumn(missing, names);
    return keys.map((key) => isText.has(key));
  }

  #record({ line, cells, last }: SheetRow): void {
    const width = this.#isWanted.length;
    const faults: { column: number; reason: string }[] = [];
    if (last > width) {
      const reason = `has a value in column ${last} (${
        columnName(last)
      }${line}), the header has ${width}`;
      return this.#fault(line, last, reason, cells);
    }
    const fields: XlsxCell[] = [];
    for (let i = 0; i < width; i++) {
      if (!this.#isWanted[i]) continue;
      const cell = cells[i] ?? null;
      if (!(cell instanceof CellFault)) fields.push(cell);
      else {
        fields.push(null);
        if (!cell.isError || this.#options.errors !== "null") {
          faults.push({ column: i + 1, reason: `${columnName(i + 1)}${line} ${cell.reason}` });
        }
      }
    }
    if (faults.length === 0) return this.#sink.fields(fields, line);
    const reasons = faults.slice(0, MAX_NAMED_CELLS).map(({ reason }) => reason);
    const hint = reasons.some((reason) => reason.endsWith(UNSAVED)) ? SAVE_HINT : "";
    this.#fault(line, faults[0]!.column, reasons.join("; ") + hint, cells);
  }

  #fault(line: number, column: number, reason: string, cells: readonly unknown[]): void {
    this.#sink.fault({ line, column, reason, raw: rawText(shownRecord(cells)) });
  }
}

/** A column's name from its cell in the header. A day has no time. */
function nameOf(cell: XlsxCell | CellFault): string {
  if (cell === null || cell instanceof CellFault) return "";
  return cell instanceof Date ? cell.toISOString().replace("T00:00:00.000Z", "") : String(cell);
}
