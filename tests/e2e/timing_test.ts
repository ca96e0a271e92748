/** What has to be quick: run alone, so that other tests do not take its time. */
import assert from "node:assert/strict";
import { binary } from "../harness/binary.ts";
import { Platform } from "../harness/platform.ts";

Deno.test("--version answers in less than 200 ms, and the binary is below 140 MB", async () => {
  assert.ok(Deno.statSync(binary()).size < 140_000_000);
  let best = Infinity;
  // The machine may be busy with other tests, so that the best of several counts.
  for (let round = 0; round < 10; round++) {
    const started = performance.now();
    await new Deno.Command(binary(), { args: ["--version"], stdout: "null" }).output();
    best = Math.min(best, performance.now() - started);
  }
  assert.ok(best < 200, `${best} ms`);
});

Deno.test("a second manage on the same data refuses within 2 s, and may start after the first", async () => {
  await using platform = await Platform.create();
  const first = platform.manage();
  await first.line(/"manage\.started"/);
  const started = performance.now();
  const { code, stderr } = await platform.run("manage", "--once");
  assert.ok(performance.now() - started < 2_000);
  assert.equal(code, 5);
  assert.match(stderr, /another manage is running there/);
  assert.equal((await first.stop()).code, 0);
  assert.equal((await platform.run("manage", "--once")).code, 0);
});
