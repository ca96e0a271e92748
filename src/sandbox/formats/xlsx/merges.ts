import type { XlsxCell } from "../../../sdk/xlsx.ts";
import type { CellFault } from "./cell.ts";
import { corrupt, quoted } from "./failures.ts";
import { columnNumber } from "./reference.ts";
import type { SheetRow } from "./sheet.ts";
import type { XmlHandler, XmlTag } from "./xml.ts";

/** A merged range, in rows and columns from 1. Only its first cell has a value in the file. */
interface MergedRange {
  top: number;
  bottom: number;
  left: number;
  right: number;
  value: XlsxCell | CellFault;
}

const MAX_RANGES = 100_000;
const RANGE = /^([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})$/;

/** Collects the merged ranges of a sheet, which its XML lists after the rows. */
export class MergedRanges implements XmlHandler {
  readonly #all: MergedRange[] = [];
  /** The ranges that have started and not ended, once rows are filled. */
  #open: MergedRange[] = [];
  #next = 0;

  open(name: string, tag: XmlTag): void {
    if (name !== "mergeCell") return;
    if (this.#all.length >= MAX_RANGES) {
      throw corrupt(`it has more than ${MAX_RANGES} merged ranges`);
    }
    const ref = tag.get("ref") ?? "";
    const [, left = "", top, right = "", bottom] = RANGE.exec(ref) ?? [];
    if (top === undefined) throw corrupt(`it has a merged range ${quoted(ref)}`);
    this.#all.push({
      top: Number(top),
      bottom: Number(bottom),
      left: columnNumber(left),
      right: columnNumber(right),
      value: null,
    });
  }

  close(name: string): void {
    if (name === "mergeCells") this.#all.sort((a, b) => a.top - b.top);
  }

  /**
   * Gives the cells of merged ranges in a row the values of their first cells. Rows come in order.
   *
   * @param isHeader whether only the ranges that start in this row count: the rows of a header are
   * joined, and a name would be joined with itself
   */
  fill(row: SheetRow, maxColumns: number, isHeader: boolean): void {
    const { line, cells } = row;
    this.#open = this.#open.filter(({ bottom }) => bottom >= line);
    for (; (this.#all[this.#next]?.top ?? Infinity) <= line; this.#next++) {
      const range = this.#all[this.#next]!;
      if (range.bottom < line) continue;
      if (range.top === line) range.value = cells[range.left - 1] ?? null;
      this.#open.push(range);
    }
    for (const { top, left, right, value } of this.#open) {
      if (value === null || isHeader && top !== line) continue;
      const end = Math.min(right, maxColumns);
      while (cells.length < end) cells.push(null);
      for (let i = left - 1; i < end; i++) cells[i] = value;
      row.last = Math.max(row.last, end);
    }
  }
}
