import type { Output } from "./io.ts";
import { fit, pad, printable, widthOf } from "./text.ts";

const GAP = 2;
const LEAST = 6;

/** What to do where a terminal is too narrow for a table. */
export interface TableOptions {
  /** Columns that are of no use when they are cut, such as ids. */
  whole?: readonly string[];
  /** Columns that may be missing, the first of them first. */
  spare?: readonly string[];
}

/**
 * Prints rows in columns that fit the terminal's width: spare columns are left out, then the widest
 * are cut; where even that is too wide, each row is printed as lines of name and value. Off a
 * terminal nothing is cut, so that other programs get everything.
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
    const leastWidth = (c: number) => {
      const width = naturalWidth(table, c);
      return whole.includes(header[c] ?? "") ? width : Math.min(width, LEAST);
    };
    for (const name of spare) {
      if (sum(columns.map(leastWidth)) <= room) break;
      columns = columns.filter((c) => header[c] !== name);
    }
    if (sum(columns.map(leastWidth)) > room) return printRecords(output, table, room);
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

/** Each row as lines of name and value, with an empty line behind it. */
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

/** The width of a line with columns of these widths. */
function sum(widths: number[]): number {
  return widths.reduce((total, width) => total + width + GAP, -GAP);
}

/** Takes from the widest column that may be cut, again and again, until the line fits. */
function shrink(widths: number[], isWhole: boolean[], room: number): void {
  while (sum(widths) > room) {
    const cuttable = widths.map((width, c) => isWhole[c] ? 0 : width);
    const widest = cuttable.indexOf(Math.max(...cuttable));
    if ((cuttable[widest] ?? 0) <= LEAST) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}
