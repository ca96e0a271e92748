import type { Output } from "./io.ts";
import { fit, pad, printable, widthOf, wrapped } from "./text.ts";

const GAP = 2;
const MIN_WIDTH = 8;

/** How a table is shortened for a narrow terminal. */
export interface TableOptions {
  /** Columns that are never cut, such as ids. */
  whole?: readonly string[];
  /** Columns that can be omitted, in this order. */
  spare?: readonly string[];
  /** The column of remarks: if it does not fit, it is printed on lines of its own below each row. */
  below?: string;
}

/**
 * Prints a table that fits the terminal: remarks move below their rows, spare columns are omitted, then the widest are cut; if that is
 * not enough, each row is printed as lines of name and value. Without a terminal nothing is cut.
 */
export function printTable(
  output: Output,
  header: string[],
  rows: string[][],
  { whole = [], spare = [], below }: TableOptions = {},
): void {
  const table = [header, ...rows].map((row) => row.map(printable));
  let columns = header.map((_, c) => c);
  const remarks = below === undefined ? -1 : header.indexOf(below);
  if (output.isTerminal) {
    const room = output.columns();
    if (sum(columns.map((c) => naturalWidth(table, c))) > room) {
      columns = columns.filter((c) => c !== remarks);
    }
    const minWidth = (c: number) => {
      const width = naturalWidth(table, c);
      return whole.includes(header[c] ?? "") ? width : Math.min(width, MIN_WIDTH);
    };
    for (const name of spare) {
      if (sum(columns.map(minWidth)) <= room) break;
      columns = columns.filter((c) => header[c] !== name);
    }
    if (sum(columns.map(minWidth)) > room) return printRecords(output, table, room, remarks);
  }
  const widths = columns.map((c) => naturalWidth(table, c));
  if (output.isTerminal) {
    shrink(widths, columns.map((c) => whole.includes(header[c] ?? "")), output.columns());
  }
  const shown = header.some((name) => name !== "") ? table : table.slice(1);
  for (const row of shown) {
    const cells = columns.map((c, at) => fit(row[c] ?? "", widths[at] ?? 0));
    output.write(`${cells.join(" ".repeat(GAP)).trimEnd()}\n`);
    const remark = row === table[0] || columns.includes(remarks) ? "" : row[remarks] ?? "";
    if (remark !== "") printIndented(output, remark, output.columns());
  }
}

function printIndented(output: Output, text: string, room: number): void {
  for (const line of wrapped(text, room - GAP)) output.write(`${" ".repeat(GAP)}${line}\n`);
}

/** Prints each row as lines of name and value, followed by an empty line. */
function printRecords(
  output: Output,
  [header = [], ...rows]: string[][],
  room: number,
  remarks: number,
): void {
  const widest = Math.max(...header.map(widthOf));
  for (const row of rows) {
    for (const [c, name] of header.entries()) {
      if (c === remarks) continue;
      const line = `${pad(name, widest + GAP)}${row[c] ?? ""}`.trimEnd();
      output.write(`${fit(line, Math.min(room, widthOf(line)))}\n`);
    }
    if (row[remarks]) printIndented(output, row[remarks], room);
    output.write("\n");
  }
}

function naturalWidth(table: string[][], column: number): number {
  return Math.max(...table.map((row) => widthOf(row[column] ?? "")));
}

/** Returns the width of a line with these columns. */
function sum(widths: number[]): number {
  return widths.reduce((total, width) => total + width + GAP, -GAP);
}

/** Shortens the widest column that can be cut until the line fits. */
function shrink(widths: number[], isWhole: boolean[], room: number): void {
  while (sum(widths) > room) {
    const cuttable = widths.map((width, c) => isWhole[c] ? 0 : width);
    const widest = cuttable.indexOf(Math.max(...cuttable));
    if ((cuttable[widest] ?? 0) <= MIN_WIDTH) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}
