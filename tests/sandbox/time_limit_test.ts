import assert from "node:assert/strict";
import { timeLimit } from "../../src/sandbox/host/time_limit.ts";

Deno.test("time limit: the default grows with the file, up to the operator's limit", () => {
  assert.equal(timeLimit(38, undefined, 3_600).seconds, 301);
  assert.deepEqual(timeLimit(50_000_000, undefined, 3_600), {
    seconds: 800,
    secondsFrom: "300, and one for each 100 kB of the file",
  });
  assert.deepEqual(timeLimit(1e12, undefined, 3_600), {
    seconds: 3_600,
    secondsFrom: "sandbox.seconds_per_file",
  });
});

Deno.test("time limit: tenant.json sets it for files of any size, up to the operator's limit", () => {
  for (const bytes of [38, 1e12]) {
    assert.deepEqual(timeLimit(bytes, 2_000, 3_600), {
      seconds: 2_000,
      secondsFrom: "secondsPerFile in tenant.json",
    });
    assert.equal(timeLimit(bytes, 5_000, 3_600).seconds, 3_600);
  }
});
