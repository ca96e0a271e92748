import assert from "node:assert/strict";
import { confirmed } from "../../src/cli/terminal/confirm.ts";
import { FakeIo } from "./fake_io.ts";

/** Asks on a terminal with this input. */
async function asked(...input: string[]): Promise<boolean> {
  const io = new FakeIo({ terminal: true, input });
  const { stdin, stdout } = io;
  const onTerminal = { ...io, stdin, stdout: { ...stdout, isTerminal: true }, stderr: io.stderr };
  const answer = await confirmed(onTerminal, "Approve v3?");
  assert.equal(io.out, "Approve v3? [y/N] ");
  return answer;
}

Deno.test("only yes confirms", async () => {
  assert.equal(await asked("y\n"), true);
  assert.equal(await asked("ye", "s\n"), true);
  for (const text of ["\n", "n\n", "yesterday\n", "v3\n", ""]) {
    assert.equal(await asked(text), false, text);
  }
});

Deno.test("without a terminal the answer is yes", async () => {
  const io = new FakeIo();
  assert.equal(await confirmed(io, "Approve v3?"), true);
  assert.equal(io.out, "");
});
