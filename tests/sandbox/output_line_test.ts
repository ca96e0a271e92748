import assert from "node:assert/strict";
import { parseOutputLine } from "../../src/sandbox/programs/output_line.ts";

Deno.test("a program's numbers keep the digits that it has written", () => {
  const line = '{"line":1.0,"rows":{"t":[{"a":1.10,"b":5},{"a":1.1,"b":100000000000000000000.5}]}}';
  assert.deepEqual(parseOutputLine(line, 1), {
    rows: { t: [{ a: "1.10", b: 5 }, { a: 1.1, b: "100000000000000000000.5" }] },
    line: 1,
    raw: null,
  });
});
