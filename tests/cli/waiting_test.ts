import assert from "node:assert/strict";
import { WaitingFiles } from "../../src/cli/fetch/waiting.ts";
import { EXAMPLE_FILE } from "../../src/serve/api/examples.ts";
import type { FileView, Waiting } from "../../src/protocol/file_view.ts";

function waiting(code: Waiting["code"], ahead: number | null = null, more: Partial<FileView> = {}) {
  return { ...EXAMPLE_FILE, state: "queued" as const, waitingFor: { code, ahead }, ...more };
}

const LOADING: FileView = { ...EXAMPLE_FILE, state: "running" };

Deno.test("one line says what the files are waiting for", () => {
  const files = new WaitingFiles();
  assert.equal(files.text(), null);
  files.set("a.csv", null);
  assert.equal(files.text(), "waiting for a.csv: in the queue");
  files.set("a.csv", waiting("queue", 1));
  assert.equal(files.text(), "waiting for a.csv: in the queue, 1 file ahead");
  files.set("a.csv", waiting("queue", 0));
  assert.equal(files.text(), "waiting for a.csv: next in the queue");
  files.set("b.csv", waiting("queue", 1));
  assert.equal(files.text(), "waiting for 2 files: in the queue");
  files.set("a.csv", LOADING);
  assert.equal(files.text(), "waiting for 2 files: 1 loading, 1 in the queue");
  const reason = { code: "x", message: "it took too long" };
  const nextTryAt = new Date(2001, 1, 3, 4, 5, 6).toISOString();
  files.set("a.csv", waiting("retry", null, { reason, nextTryAt }));
  assert.equal(files.text(), "waiting for 2 files: 1 in the queue, 1 until the next attempt");
  files.set("b.csv", waiting("disk"));
  assert.match(files.text()!, /: 1 until the next attempt, 1 until the platform's disk has room$/);
  files.set("a.csv", waiting("disk"));
  assert.equal(files.text(), "waiting for 2 files: the platform's disk is full");
  files.set("a.csv", waiting("retry", null, { reason, nextTryAt }));
  assert.ok(files.delete("b.csv"));
  assert.match(
    files.text()!,
    /^waiting for a\.csv: next attempt at 2001-\S+ 04:05:06: it took too long$/,
  );
  assert.ok(files.delete("a.csv") && !files.delete("a.csv"));
  assert.equal(files.text(), null);
});

Deno.test("a log gets what is unusual at once, and the queue every 10 seconds", () => {
  const files = new WaitingFiles();
  const lines: (string | null)[] = [];
  const tell = (file: FileView, seconds: number) => {
    files.set("a.csv", file);
    lines.push(files.news(seconds * 1000, seconds * 1000));
  };
  tell(waiting("queue", 9), 0);
  tell(waiting("queue", 8), 9);
  tell(waiting("queue", 7), 10);
  tell(waiting("queue", 6), 15);
  tell(waiting("queue", 6), 25);
  tell(waiting("queue", 6), 60);
  tell(waiting("service"), 61);
  tell(waiting("service"), 90);
  tell(waiting("disk"), 91);
  assert.deepEqual(lines.map((line) => line?.replace("waiting for a.csv: ", "") ?? null), [
    ...[null, null, "in the queue, 7 files ahead", null, "in the queue, 6 files ahead", null],
    ...["the loading service (manage) is not running", null, "the platform's disk is full"],
  ]);
});
