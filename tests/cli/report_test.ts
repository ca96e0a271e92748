import assert from "node:assert/strict";
import { report } from "../../src/cli/terminal/report.ts";
import { Failure, type FailureKind } from "../../src/base/failure.ts";
import { FakeIo } from "./fake_io.ts";

Deno.test("each kind has its exit code", () => {
  const codes: Record<FailureKind, number> = {
    refused: 1,
    internal: 1,
    usage: 2,
    auth: 3,
    server: 4,
    storage: 5,
  };
  for (const [kind, code] of Object.entries(codes)) {
    assert.equal(report(new Failure(kind as FailureKind, "x", "x"), new FakeIo()), code);
  }
});

Deno.test("text: one sentence and a hint on stderr, nothing on stdout", () => {
  const io = new FakeIo();
  report(new Failure("server", "down", "Cannot reach it\u001b[2J", { hint: "Wait." }), io);
  assert.equal(io.err, "mysimbdp: Cannot reach it\\u001b[2J\n  hint: Wait.\n");
  assert.equal(io.out, "");
});

Deno.test("JSON: one object on stdout", () => {
  const io = new FakeIo();
  report(new Failure("auth", "bad-credentials", "No", { details: { status: 401 } }), io, {
    json: true,
  });
  assert.deepEqual(JSON.parse(io.out), {
    type: "error",
    kind: "auth",
    code: "bad-credentials",
    message: "No",
    hint: null,
    details: { status: 401 },
    exitCode: 3,
  });
  assert.equal(io.err, "");
});

Deno.test("an unexpected error is one sentence; the stack only with -v", () => {
  const quiet = new FakeIo();
  assert.equal(report(new TypeError("x is not a function"), quiet), 1);
  assert.equal(quiet.err.split("\n").length, 3);
  assert.doesNotMatch(quiet.err, / at .*\.ts/);
  const verbose = new FakeIo();
  report(new TypeError("x is not a function"), verbose, { verbose: true });
  assert.match(verbose.err, /TypeError: x is not a function\n\s+at /);
});
