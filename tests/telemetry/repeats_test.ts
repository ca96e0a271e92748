import assert from "node:assert/strict";
import { Repeats } from "../../src/telemetry/repeats.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

function setUp() {
  const clock = { ms: 5_000 };
  return { clock, repeats: new Repeats(() => clock.ms) };
}

Deno.test("a problem every 5 s for a day is shown at once, then ever less often, with exact counts", () => {
  const { clock, repeats } = setUp();
  const shown: number[] = [];
  let counted = 0;
  const times = 24 * 60 * 12;
  for (let i = 0; i < times; i++, clock.ms += 5 * SECOND) {
    const repetition = repeats.failed("scan", "disk error");
    if (!repetition) continue;
    shown.push(Math.round(i * 5 / 60));
    counted += i === 0 ? 1 : repetition.count;
  }
  assert.deepEqual(shown.slice(0, 8), [0, 1, 3, 7, 15, 31, 63, 123]);
  assert.ok(shown.length < 32, `${shown.length} lines in a day`);
  const after = shown.slice(7).map((at, i) => at - shown.slice(6)[i]!);
  assert.ok(after.every((pause) => pause === 60), `not hourly: ${after}`);
  assert.ok(counted <= times && counted > times - 12 * 60, `${counted} of ${times} counted`);
  assert.equal(repeats.ended("scan")?.count, times);
});

Deno.test("another text of the same problem is shown at once; two that alternate are not shown each time", () => {
  const { clock, repeats } = setUp();
  assert.ok(repeats.failed("scan", "disk error"));
  assert.ok(repeats.failed("scan", "no permission"));
  let lines = 0;
  for (let i = 0; i < 100; i++, clock.ms += 5 * SECOND) {
    if (repeats.failed("scan", i % 2 === 0 ? "disk error" : "no permission")) lines++;
  }
  assert.ok(lines <= 8, `${lines} lines`);
});

Deno.test("a problem that ended is shown at once when it returns, and its end is shown once", () => {
  const { clock, repeats } = setUp();
  assert.equal(repeats.ended("scan"), null);
  for (let i = 0; i < 3; i++, clock.ms += 10 * SECOND) repeats.failed("scan", "disk error");
  assert.deepEqual(repeats.ended("scan"), { count: 3, seconds: 30 });
  assert.equal(repeats.ended("scan"), null);
  assert.deepEqual(repeats.failed("scan", "disk error"), { count: 0, seconds: 0 });
});

Deno.test("a problem that was quiet for a while is new, even if nobody reported its end", () => {
  const { clock, repeats } = setUp();
  repeats.failed("request", "timeout");
  clock.ms += 16 * MINUTE;
  assert.deepEqual(repeats.failed("request", "timeout"), { count: 0, seconds: 0 });
});

Deno.test("problems do not hide each other, and temporary names and byte counts do not make new ones", () => {
  const { repeats } = setUp();
  assert.ok(repeats.failed("staging a", "no permission"));
  assert.ok(repeats.failed("staging b", "no permission"));
  const text = (uuid: string, free: number) => `Cannot write /d/.x.${uuid}.tmp: ${free} bytes free`;
  assert.ok(repeats.failed("metrics", text("0b0e6f2c-8f0e-4a52-9d5b-3b1f5a0f4a11", 1_234_567)));
  assert.equal(
    repeats.failed("metrics", text("ffffffff-8f0e-4a52-9d5b-3b1f5a0f4a11", 7_654_321)),
    null,
  );
  assert.ok(repeats.failed("metrics", "os error 28"));
  assert.ok(repeats.failed("metrics", "os error 13"));
});

Deno.test("memory stays bounded with any number of different problems", () => {
  const { repeats } = setUp();
  for (let i = 0; i < 50_000; i++) repeats.failed(`request ${i}`, "timeout");
  assert.equal(repeats.ended("request 0"), null);
  assert.ok(repeats.ended("request 49999"));
});

Deno.test("the log shows a repeating error once, then with a count, and when it works again", () => {
  const clock = { ms: 0 };
  let written = "";
  const { emit, close } = createTelemetry({
    stderr: { write: (text) => void (written += text) },
    monotonic: () => clock.ms,
  });
  try {
    for (let i = 0; i < 15; i++, clock.ms += 5 * SECOND) {
      emit({ kind: "scan.failed", dir: "/data/staging", error: "disk error" });
    }
    emit({ kind: "problem.ended", problem: "scan.failed", key: "/data/staging" });
    emit({ kind: "problem.ended", problem: "scan.failed", key: "/data/staging" });
  } finally {
    close();
  }
  const records = written.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  assert.deepEqual(records.map(({ message }) => message), [
    "Could not scan a folder.",
    "Could not scan a folder. (12 more failures in 1 minute)",
    "A problem has ended. (15 failures in 1 minute)",
  ]);
  assert.equal(records[2].problem, "scan.failed");
});
