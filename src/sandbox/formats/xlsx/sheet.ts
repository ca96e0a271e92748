import type { XlsxCell } from "../../../sdk/xlsx.ts";
import { type CellContext, CellFault, cellValue, type RawCell } from "./cell.ts";
import { corrupt, quoted } from "./failures.ts";
import { columnName } from "./reference.ts";
import { CellText } from "./strings.ts";
import type { XmlHandler, XmlTag } from "./xml.ts";

/** A row of a sheet with at least one value. */
export interface SheetRow {
  /** From 1. */
  line: number;
  /** The values by column; shorter than the sheet if the last ones are empty. */
  cells: (XlsxCell | CellFault)[];
  /** The last column with a value, from 1, even if it is over the limit of columns. */
  last: number;
}

const MAX_ROWS = 1_048_576;
const MAX_COLUMNS = 16_384;

/** Turns the XML of a sheet into rows. */
export class SheetRows implements XmlHandler {
  /** Columns beyond this one are not kept. */
  maxColumns = MAX_COLUMNS;
  /** The columns that are read as displayed text, from the first; `true`: all. */
  textColumns: true | readonly boolean[] = [];
  /** Whether the sheet has a formula with a saved value. */
  hasFormulas = false;
  readonly #context: CellContext;
  readonly #onRow: (row: SheetRow) => void;
  readonly #inline = new CellText();
  #depth = 0;
  #isData = false;
  #line = 0;
  #isRow = false;
  #cell: RawCell | null = null;
  /** The object of all cells, one after the other. */
  readonly #spare: RawCell = { column: 0, type: "n", style: 0, hasFormula: false, value: null };
  #isValue = false;
  #isInline = false;
  #cells: (XlsxCell | CellFault)[] = [];
  #column = 0;
  #last = 0;

  /** @param onRow receives the rows with values, in order */
  constructor(context: CellContext, onRow: (row: SheetRow) => void) {
    this.#context = context;
    this.#onRow = onRow;
  }

  open(name: string, tag: XmlTag): void {
    this.#depth++;
    if (this.#cell !== null) this.#openInCell(name);
    else if (this.#isRow) {
      if (name === "c" && this.#depth === 4) this.#openCell(tag);
    } else if (this.#isData) {
      if (name === "row") this.#openRow(tag);
    } else if (name === "sheetData" && this.#depth === 2) this.#isData = true;
  }

  close(name: string): void {
    this.#depth--;
    if (this.#cell !== null) this.#closeInCell(name);
    else if (this.#isRow) {
      if (this.#depth === 2) this.#closeRow();
    } else if (this.#depth === 1) this.#isData = false;
  }

  text(text: string): void {
    const cell = this.#cell;
    if (this.#isInline) this.#inline.text(text);
    else if (this.#isValue && cell !== null) cell.value = cell.value ? cell.value + text : text;
  }

  #openRow(tag: XmlTag): void {
    const text = tag.get("r");
    const line = text === null ? this.#line + 1 : Number(text);
    if (!Number.isInteger(line) || line < 1 || line > MAX_ROWS) {
      throw corrupt(`it has a row with the number ${quoted(text ?? line)}`);
    }
    if (line <= this.#line) throw corrupt(`row ${line} comes after row ${this.#line}`);
    this.#line = line;
    this.#isRow = true;
    this.#cells = [];
    this.#column = 0;
    this.#last = 0;
  }

  #closeRow(): void {
    this.#isRow = false;
    if (this.#last > 0) this.#onRow({ line: this.#line, cells: this.#cells, last: this.#last });
  }

  #openCell(tag: XmlTag): void {
    const cell = this.#spare;
    cell.type = "n";
    cell.style = 0;
    cell.hasFormula = false;
    cell.value = null;
    let column = this.#column + 1;
    while (tag.next()) {
      const letter = tag.letter;
      if (letter === 0x72 /* r */) column = this.#columnOf(tag);
      else if (letter === 0x73 /* s */) cell.style = Number(tag.value);
      else if (letter === 0x74 /* t */) cell.type = tag.value;
    }
    if (column > MAX_COLUMNS) throw corrupt(`row ${this.#line} has more than ${MAX_COLUMNS} cells`);
    this.#column = cell.column = column;
    this.#cell = cell;
  }

  /** The column of a reference such as `B3`, whose row must be the current one. */
  #columnOf(tag: XmlTag): number {
    const { text, valueStart, valueEnd } = tag;
    let column = 0;
    let row = 0;
    for (let at = valueStart; at < valueEnd; at++) {
      const code = text.charCodeAt(at);
      if (row === 0 && code >= 0x41 && code <= 0x5a) column = 26 * column + code - 0x40;
      else if (column > 0 && code >= 0x30 && code <= 0x39) row = 10 * row + code - 0x30;
      else throw corrupt(`it has a cell ${quoted(tag.value)}`);
      if (column > MAX_COLUMNS || row > MAX_ROWS) {
        throw corrupt(`it has a cell ${quoted(tag.value)}`);
      }
    }
    if (row !== this.#line) throw corrupt(`cell ${tag.value} is in row ${this.#line}`);
    return column;
  }

  #openInCell(name: string): void {
    if (this.#isInline) this.#inline.open(name);
    else if (this.#depth !== 5) return;
    else if (name === "v") {
      this.#isValue = true;
      this.#cell!.value = "";
    } else if (name === "is") this.#isInline = true;
    else if (name === "f") this.#cell!.hasFormula = true;
  }

  #closeInCell(name: string): void {
    const cell = this.#cell!;
    if (this.#depth === 3) return this.#closeCell(cell);
    if (this.#isInline && this.#depth === 4) {
      this.#isInline = false;
      cell.value = this.#inline.take();
    } else if (this.#isInline) this.#inline.close(name);
    else if (this.#depth === 4) this.#isValue = false;
  }

  #isText(column: number): boolean {
    return this.textColumns === true || this.textColumns[column - 1] === true;
  }

  #closeCell(cell: RawCell): void {
    this.#cell = null;
    const value = cellValue(cell, this.#context, this.#isText(cell.column));
    if (cell.hasFormula && !(value instanceof CellFault)) this.hasFormulas = true;
    if (value === null) return;
    const { column } = cell;
    this.#last = Math.max(this.#last, column);
    if (column > this.maxColumns) return;
    const cells = this.#cells;
    while (cells.length < column - 1) cells.push(null);
    if (column > cells.length) cells.push(value);
    else if (cells[column - 1] === null) cells[column - 1] = value;
    else throw corrupt(`it has two cells ${columnName(column)}${this.#line}`);
  }
}
