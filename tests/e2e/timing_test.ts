import assert from "node:assert/strict";
import { binary } from "../harness/binary.ts";
import { Platform } from "../harness/platform.ts";

/** Processor time, which other processes do not add to, unlike the time on the clock. */
async function processorMs(...command: string[]): Promise<number> {
  const script = 'TIMEFORMAT="%U %S"; time "$@" > /dev/null';
  const args = ["-c", script, "bash", ...command];
  const { stderr } = await new Deno.Command("bash", { args, env: { LC_ALL: "C" } }).output();
  const [user, system] = new TextDecoder().decode(stderr).trim().split(" ").map(Number);
  return (user! + system!) * 1000;
}

Deno.test("--version needs less than 200 ms of processor time, and the binary is below 140 MB", async () => {
  assert.ok(Deno.statSync(binary()).size < 140_000_000);
  let best = Infinity;
  for (let round = 0; round < 10; round++) {
    best = Math.min(best, await processorMs(binary(), "--version"));
  }
  assert.ok(best < 200, `${best} ms`);
});

Deno.test("a second manage on the same data is refused while the first runs, and starts after it", async () => {
  await using platform = await Platform.create();
  const first = platform.manage();
  await first.line(/"manage\.started"/);
  const { code, stderr } = await platform.run("manage", "--once");
  assert.equal(code, 5);
  assert.match(stderr, /another manage is running/);
  assert.equal((await first.stop()).code, 0);
  assert.equal((await platform.run("manage", "--once")).code, 0);
});
