import type { XlsxCell } from "../../sdk/xlsx.ts";
import { type CellContext, CellFault, cellValue, type RawCell } from "./xlsx_cell.ts";
import { corrupt, quoted } from "./xlsx_failures.ts";
import { CellText } from "./xlsx_strings.ts";
import { attributeOf, type XmlHandler } from "./xlsx_xml.ts";

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
/** Some programs state the largest possible range. */
const MAX_STATED_COLUMNS = 1_000;
const STATED_END = /:([A-Z]{1,3})\d+$/;
const REFERENCE = /^\$?([A-Z]{1,3})\$?(\d{1,7})$/;

/** Turns the XML of a sheet into rows. */
export class SheetRows implements XmlHandler {
  /** Columns beyond this one are not kept. */
  maxColumns = MAX_COLUMNS;
  /** The last column of the range that the sheet states for its values; 0 if it states none. */
  statedColumns = 0;
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

  open(name: string, tag: string): void {
    this.#depth++;
    if (this.#cell !== null) this.#openInCell(name);
    else if (this.#isRow) {
      if (name === "c" && this.#depth === 4) this.#openCell(tag);
    } else if (this.#isData) {
      if (name === "row") this.#openRow(tag);
    } else if (this.#depth === 2) this.#openPart(name, tag);
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

  #openPart(name: string, tag: string): void {
    if (name === "sheetData") this.#isData = true;
    else if (name === "dimension") {
      const [, letters] = STATED_END.exec(attributeOf(tag, "ref") ?? "") ?? [];
      const columns = letters === undefined ? 0 : columnNumber(letters);
      this.statedColumns = columns <= MAX_STATED_COLUMNS ? columns : 0;
    }
  }

  #openRow(tag: string): void {
    const text = attributeOf(tag, "r");
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

  #openCell(tag: string): void {
    const reference = attributeOf(tag, "r");
    const style = attributeOf(tag, "s");
    this.#column = reference === null ? this.#column + 1 : this.#columnOf(reference);
    this.#cell = {
      column: this.#column,
      type: attributeOf(tag, "t") ?? "n",
      style: style === null ? 0 : Number(style),
      hasFormula: false,
      value: null,
    };
  }

  #columnOf(reference: string): number {
    const [, letters, row] = REFERENCE.exec(reference) ?? [];
    const column = letters === undefined ? 0 : columnNumber(letters);
    if (column < 1 || column > MAX_COLUMNS) throw corrupt(`it has a cell ${quoted(reference)}`);
    if (Number(row) !== this.#line) throw corrupt(`cell ${reference} is in row ${this.#line}`);
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

  #closeCell(cell: RawCell): void {
    this.#cell = null;
    const value = cellValue(cell, this.#context);
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

/** The number of a column from its letters: A is 1. */
function columnNumber(letters: string): number {
  let number = 0;
  for (let i = 0; i < letters.length; i++) number = 26 * number + letters.charCodeAt(i) - 64;
  return number;
}

/** The letters of a column by its number, from 1. */
export function columnName(column: number): string {
  let name = "";
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    name = String.fromCharCode(65 + (rest - 1) % 26) + name;
  }
  return name;
}
