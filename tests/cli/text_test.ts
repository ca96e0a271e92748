import assert from "node:assert/strict";
import fc from "fast-check";
import { formatCount } from "../../src/base/count.ts";
import {
  fit,
  formatBytes,
  formatSeconds,
  pad,
  printable,
  widthOf,
} from "../../src/cli/terminal/text.ts";

Deno.test("printable text has no control characters", () => {
  assert.equal(printable("a\u001b[2Jb\r\n\u202e"), "a\\u001b[2Jb\\u000d\\u000a\\u202e");
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(printable(text), /[\u0000-\u001f\u007f-\u009f]/);
  }));
});

Deno.test("fit returns exactly the width", () => {
  const text = fc.array(fc.constantFrom("a", "é", "日", "e\u0301", "😀", " ")).map((all) =>
    all.join("")
  );
  fc.assert(fc.property(text, fc.integer({ min: 1, max: 30 }), (text, width) => {
    assert.equal(widthOf(fit(text, width)), width);
  }));
  assert.equal(fit("abcdef", 4), "abc…");
  assert.equal(pad("日", 4), "日  ");
});

Deno.test("amounts are readable", () => {
  assert.deepEqual([0, 1, 1023, 1024, 1_258_291, 500 * 1024 ** 2].map(formatBytes), [
    "0 bytes",
    "1 byte",
    "1023 bytes",
    "1.0 KB",
    "1.2 MB",
    "500 MB",
  ]);
  assert.deepEqual([0.04, 9.94, 75.2].map(formatSeconds), ["0.0 s", "9.9 s", "75 s"]);
  assert.deepEqual([formatCount(1, "row"), formatCount(9999, "row")], ["1 row", "9,999 rows"]);
});
