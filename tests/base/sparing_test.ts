import assert from "node:assert/strict";
import { sparing } from "../../src/base/sparing.ts";

Deno.test("work that reads much is shared and kept, and a failure is not", async () => {
  let calls = 0;
  const slow = sparing(async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return ++calls;
  });
  assert.deepEqual(await Promise.all([slow(), slow(), slow()]), [1, 1, 1]);
  assert.equal(await slow(), 1, "kept");
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.equal(await slow(), 2, "made again");
  let fails = true;
  const failing = sparing(() => fails ? Promise.reject(new Error("no")) : Promise.resolve("yes"));
  await assert.rejects(failing());
  fails = false;
  assert.equal(await failing(), "yes");
});
