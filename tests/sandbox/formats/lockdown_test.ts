import assert from "node:assert/strict";
import { csv } from "../../../src/sdk/csv.ts";
import { Failure } from "../../../src/base/failure.ts";
import { jsonlReader } from "../../../src/sandbox/formats/json/lines.ts";
import { recordReader } from "../../../src/sandbox/formats/record_reader.ts";
import type { LockdownAnswer, LockdownTask } from "./lockdown_worker.ts";
import { recordingSink, type SinkCall } from "./recording.ts";

const JSON_LINES = '{"__proto__":1,"n":9007199254740993}\n{"a"\n[]\n\n';
const ROWS = 'a,b\r\n1,"x ""y""\r\nz"\n2,3\n4,5,6\n7,"8"9\n10,\r11\n12,\0\n\n13,\xFF\n';

function task(text: string): LockdownTask {
  const bytes = new Uint8Array([...text].map((char) => char.charCodeAt(0)));
  return { options: {}, pieces: [bytes.slice(0, 9), bytes.slice(9)], jsonLines: JSON_LINES };
}

async function lockedDown(tasks: readonly LockdownTask[]): Promise<LockdownAnswer[]> {
  const worker = new Worker(new URL("./lockdown_worker.ts", import.meta.url), { type: "module" });
  const next = () =>
    new Promise<unknown>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message));
    });
  try {
    await next();
    const answers: LockdownAnswer[] = [];
    for (const task of tasks) {
      worker.postMessage(task);
      answers.push(await next() as LockdownAnswer);
    }
    return answers;
  } finally {
    worker.terminate();
  }
}

function here({ options, pieces, jsonLines }: LockdownTask): LockdownAnswer {
  const calls: SinkCall[] = [];
  const values: SinkCall[] = [];
  const lines = jsonlReader({}, recordingSink(values, () => null));
  lines.push(jsonLines);
  lines.end();
  let failure: LockdownAnswer["failure"] = null;
  try {
    const reader = recordReader(csv(options), recordingSink(calls, () => null));
    for (const piece of pieces) reader.push(piece);
    reader.end();
  } catch (error) {
    assert.ok(error instanceof Failure);
    failure = { code: error.code, message: error.message };
  }
  return { csv: calls, jsonl: values, failure, isLocked: true };
}

Deno.test("formats: the readers give the same results with frozen intrinsics", async () => {
  const tasks = [task(ROWS), task('a,"b\n1,2\n'), task("a,a\n")];
  const answers = await lockedDown(tasks);
  assert.deepEqual(answers, tasks.map(here));
  assert.deepEqual(answers.map(({ failure }) => failure?.code), [
    undefined,
    "csv-bad-header",
    "csv-bad-header",
  ]);
  assert.equal(answers[0]?.csv.length, 9);
});
