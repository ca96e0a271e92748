import assert from "node:assert/strict";
import { type VersionFacts, versionText } from "../../src/protocol/file_versions.ts";

function textOf(facts: Partial<VersionFacts>): string | null {
  return versionText({
    ...{ name: "sales.csv", version: 2, state: "ingested", earlier: null, replaces: [] },
    ...{ replacedBy: null, replacedByVersion: null },
    ...facts,
  });
}

function staying(rows: number, ...versions: number[]) {
  return { versions, rows, complete: true };
}

Deno.test("the text of a new version says what happens to the rows of the others", () => {
  const cases: [Partial<VersionFacts>, string | null][] = [
    [{ version: 1 }, null],
    [{}, "version 2 of sales.csv"],
    [{ earlier: staying(1204, 1) }, "version 2 of sales.csv; the 1,204 rows of version 1 stay"],
    [{ earlier: staying(1, 1) }, "version 2 of sales.csv; the 1 row of version 1 stays"],
    [
      { version: 3, earlier: staying(2504, 1, 2) },
      "version 3 of sales.csv; the 2,504 rows of versions 1 and 2 stay",
    ],
    [
      { version: 9, earlier: staying(30, 5, 1, 2, 3, 7) },
      "version 9 of sales.csv; the 30 rows of versions 1 to 3, 5 and 7 stay",
    ],
    [
      { version: 20, earlier: staying(9, 1, 3, 5, 7, 9, 11, 13, 15, 17) },
      "version 20 of sales.csv; the 9 rows of 9 earlier versions stay",
    ],
    [
      { version: 2000, earlier: { ...staying(99_000, 1001), complete: false } },
      "version 2000 of sales.csv; at least 99,000 rows of earlier versions stay",
    ],
    [{ replaces: [1] }, "version 2 of sales.csv replaces version 1"],
    [{ state: "received", replaces: [1] }, "version 2 of sales.csv will replace version 1"],
    [
      { version: 3, replaces: [2], earlier: staying(1204, 1) },
      "version 3 of sales.csv replaces version 2; the 1,204 rows of version 1 stay",
    ],
    [{ version: 1, replacedBy: "b", replacedByVersion: 2 }, "replaced by version 2"],
    [{ version: 1, replacedBy: "b" }, "replaced by a later version"],
    [
      { replacedBy: "c", replacedByVersion: 3, replaces: [1] },
      "version 2 of sales.csv; replaced by version 3",
    ],
  ];
  for (const [facts, expected] of cases) assert.equal(textOf(facts), expected);
});
