import type { Output } from "./io.ts";
import { fit, pad, printable, widthOf } from "./text.ts";

const GAP = 2;
const MIN_WIDTH = 6;

/** How a table is shortened for a narrow terminal. */
export interface TableOptions {
  /** Columns that are never cut, such as ids. */
  whole?: readonly string[];
  /** Columns that can be omitted, in this order. */
  spare?: readonly string[];
}

/**
 * Prints a table that fits the terminal: spare columns are omitted, then the widest are cut; if that is
 * not enough, each row is printed as lines of name and value. Without a terminal nothing is cut.
 */
export function printTable(
  output: Output,
  header: string[],
  rows: string[][],
  { whole = [], spare = [] }: TableOptions = {},
): void {
  const table = [header, ...rows].map((row) => row.map(printable));
  let columns = header.map((_, c) => c);
  if (output.isTerminal) {
    const room = output.columns();
    const minWidth = (c: number) => {
      const width = naturalWidth(table, c);
      return whole.includes(header[c] ?? "") ? width : Math.min(width, MIN_WIDTH);
    };
    for (const name of spare) {
      if (sum(columns.map(minWidth)) <= room) break;
      columns = columns.filter((c) => header[c] !== name);
    }
    if (sum(columns.map(minWidth)) > room) return printRecords(output, table, room);
  }
  const widths = columns.map((c) => naturalWidth(table, c));
  if (output.isTerminal) {
    shrink(widths, columns.map((c) => whole.includes(header[c] ?? "")), output.columns());
  }
  const shown = header.some((name) => name !== "") ? table : table.slice(1);
  for (const row of shown) {
    const cells = columns.map((c, at) => fit(row[c] ?? "", widths[at] ?? 0));
    output.write(`${cells.join(" ".repeat(GAP)).trimEnd()}\n`);
  }
}

/** Prints each row as lines of name and value, followed by an empty line. */
function printRecords(output: Output, [header = [], ...rows]: string[][], room: number): void {
  const widest = Math.max(...header.map(widthOf));
  for (const row of rows) {
    for (const [c, name] of header.entries()) {
      const line = `${pad(name, widest + GAP)}${row[c] ?? ""}`.trimEnd();
      output.write(`${fit(line, Math.min(room, widthOf(line)))}\n`);
    }
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
