import assert from "node:assert/strict";
import { RecentUse } from "../../src/manage/recent_use.ts";

Deno.test("recent use: adds up for each tenant and counts half after ten minutes", () => {
  const use = new RecentUse();
  assert.equal(use.of("a", 0), null);
  use.add("a", 10, 0);
  use.add("b", 1, 0);
  assert.equal(use.of("a", 0), 10);
  assert.equal(use.of("a", 600_000), 5);
  use.add("a", 1, 600_000);
  assert.equal(use.of("a", 1_200_000), 3);
  assert.equal(use.of("b", 1_200_000), 0.25);
});
