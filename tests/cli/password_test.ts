import assert from "node:assert/strict";
import { join } from "node:path";
import { askHidden, findPassword } from "../../src/cli/terminal/password.ts";
import { Failure } from "../../src/base/failure.ts";
import { FakeIo } from "./fake_io.ts";

const typed = (...input: (string | Uint8Array)[]) =>
  askHidden("? ", new FakeIo({ input, terminal: true }));

Deno.test("flag, then file, then environment, then prompt", async () => {
  const dir = await Deno.makeTempDir();
  const file = join(dir, "password");
  await Deno.writeTextFile(file, "from file\r\nsecond line\n");
  const io = () => new FakeIo({ input: ["typed\r"], terminal: true });
  const find = (sources: Parameters<typeof findPassword>[0]) => findPassword(sources, "u", io());
  assert.equal(await find({ flag: "from flag", env: "from env" }), "from flag");
  assert.equal(await find({ file, env: "from env" }), "from file");
  assert.equal(await find({ env: "from env" }), "from env");
  assert.equal(await find({}), "typed");
  await assert.rejects(find({ flag: "x", file }), /both -p and --password-file/);
  await assert.rejects(find({ file: join(dir, "nothing") }), /it does not exist/);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("-p - reads the first line of standard input, whole characters across reads", async () => {
  const bytes = new TextEncoder().encode("pässword\nrest");
  const io = new FakeIo({ input: [bytes.subarray(0, 2), bytes.subarray(2)] });
  assert.equal(await findPassword({ flag: "-" }, "u", io), "pässword");
});

Deno.test("no password and no terminal is a usage error", async () => {
  await assert.rejects(findPassword({}, "customer-1", new FakeIo()), (thrown) => {
    assert.ok(thrown instanceof Failure);
    assert.equal(thrown.kind, "usage");
    assert.match(thrown.hint ?? "", /MYSIMBDP_PASSWORD/);
    return true;
  });
});

Deno.test("an empty password is refused", async () => {
  const io = new FakeIo({ input: ["\r"], terminal: true });
  await assert.rejects(findPassword({}, "u", io), /is empty/);
  await assert.rejects(findPassword({ flag: "" }, "u", io), /is empty/);
});

Deno.test("keys: backspace over a multibyte character, Ctrl-U, arrows, paste, line feed", async () => {
  assert.equal(await typed("a", "b", "\u007f", "c\r"), "ac");
  assert.equal(await typed("aé\u007f\b\bx\r"), "x");
  assert.equal(await typed("wrong\u0015right\n"), "right");
  assert.equal(await typed("a\u001b[A\u001b[3~b\u001bOPc\r"), "abc");
  assert.equal(await typed("pasted word\nand more"), "pasted word");
  assert.equal(await typed("abc\u0004"), "abc");
});

Deno.test("Ctrl-C and Ctrl-D cancel and restore the terminal", async () => {
  for (const key of ["abc\u0003", "\u0004"]) {
    const io = new FakeIo({ input: [key], terminal: true });
    await assert.rejects(askHidden("? ", io), /interrupted/);
    assert.deepEqual([io.rawModes, io.raw, io.err], [1, false, "? \n"]);
  }
});

Deno.test("a signal during the prompt restores the terminal", async () => {
  const io = new FakeIo({ terminal: true });
  Object.defineProperty(io, "stdin", {
    value: { ...io.stdin, read: () => new Promise(() => {}) },
  });
  const asking = askHidden("? ", io);
  io.stop();
  await assert.rejects(asking, /interrupted/);
  assert.equal(io.raw, false);
});
