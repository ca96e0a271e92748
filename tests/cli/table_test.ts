import assert from "node:assert/strict";
import fc from "fast-check";
import { printTable, type TableOptions } from "../../src/cli/terminal/table.ts";
import { widthOf } from "../../src/cli/terminal/text.ts";

function printed(
  columns: number | null,
  header: string[],
  rows: string[][],
  options?: TableOptions,
): string[] {
  let text = "";
  const write = (more: string) => void (text += more);
  const output = { write, isTerminal: columns !== null, columns: () => columns ?? 80 };
  printTable(output, header, rows, options);
  return text.split("\n");
}

const HEADER = ["id", "name", "size", "reason"];
const ROW = ["01m85y00ganbv9ywtdr0sns4a8", "a-long-name-of-a-file.csv", "1.2 MB", "x".repeat(90)];
const OPTIONS = { whole: ["id"], spare: ["size"] };

Deno.test("no line of a table is wider than the terminal", () => {
  const cell = fc.string({ unit: "grapheme", maxLength: 60 });
  const table = fc.array(fc.tuple(cell, cell, cell, cell), { maxLength: 5 });
  fc.assert(fc.property(table, fc.integer({ min: 10, max: 200 }), (rows, room) => {
    for (const line of printed(room, HEADER, rows, OPTIONS)) assert.ok(widthOf(line) <= room, line);
  }));
});

Deno.test("nothing is cut on a wide terminal or in a pipe", () => {
  for (const columns of [200, null]) {
    const [, line] = printed(columns, HEADER, [ROW], OPTIONS);
    assert.equal(line, ROW.join("  "));
  }
});

Deno.test("on a narrow terminal the widest columns are cut, ids are not", () => {
  const [header = "", line = ""] = printed(80, HEADER, [ROW], OPTIONS);
  assert.ok(line.startsWith(`${ROW[0]}  `));
  assert.match(line, /x…$/);
  assert.match(header, /size/);
});

Deno.test("on a narrower one spare columns are omitted, then each row is a block of lines", () => {
  assert.doesNotMatch(printed(44, HEADER, [ROW], OPTIONS)[0] ?? "", /size/);
  assert.deepEqual(printed(34, HEADER, [ROW], OPTIONS).slice(0, 3), [
    `id      ${ROW[0]}`,
    "name    a-long-name-of-a-file.csv",
    "size    1.2 MB",
  ]);
});

Deno.test("remarks that do not fit are printed whole, below their rows", () => {
  const options = { whole: ["id"], spare: ["size"], below: "reason" };
  const remark = "version 2 of sales.csv; the 1,204 rows of version 1 stay, and more than fits";
  const rows = [[ROW[0]!, "a.csv", "1 KB", remark], [ROW[0]!, "b.csv", "1 KB", ""]];
  const lines = printed(80, HEADER, rows, options);
  assert.doesNotMatch(lines[0]!, /reason/);
  assert.equal(lines[2], `  ${remark}`);
  assert.match(lines[3]!, /b\.csv/);
  assert.deepEqual(printed(50, HEADER, rows, options).slice(2, 4), [
    "  version 2 of sales.csv; the 1,204 rows of",
    "  version 1 stay, and more than fits",
  ]);
  const narrow = printed(20, HEADER, rows, options);
  assert.ok(narrow.every((line) => widthOf(line) <= 20));
  assert.ok(narrow.includes("  version 2 of"));
  assert.match(printed(null, HEADER, rows, options)[1]!, /stay, and more than fits$/);
});
