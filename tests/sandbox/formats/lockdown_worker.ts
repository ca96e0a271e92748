// The Worker of lockdown_test.ts: freezes all intrinsics, then reads what it receives.
import type { CsvOptions } from "../../../src/sdk/csv.ts";
import type { SinkCall } from "./recording.ts";

export interface LockdownTask {
  options: CsvOptions;
  pieces: Uint8Array[];
  jsonLines: string;
}
export interface LockdownAnswer {
  csv: SinkCall[];
  jsonl: SinkCall[];
  failure: { code: string; message: string } | null;
  isLocked: boolean;
}

Object.assign(globalThis, { process: { env: {} } });
await import("ses");
lockdown({ reporting: "none" });
const { csv } = await import("../../../src/sdk/csv.ts");
const { Failure } = await import("../../../src/base/failure.ts");
const { jsonlReader } = await import("../../../src/sandbox/formats/json/lines.ts");
const { recordReader } = await import("../../../src/sandbox/formats/record_reader.ts");
const { recordingSink } = await import("./recording.ts");

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<LockdownTask>) => void;
  postMessage(answer: LockdownAnswer | "ready"): void;
};
scope.onmessage = ({ data }) => scope.postMessage(answer(data));
scope.postMessage("ready");

function answer({ options, pieces, jsonLines }: LockdownTask): LockdownAnswer {
  const calls: LockdownAnswer = {
    csv: [],
    jsonl: [],
    failure: null,
    isLocked: Object.isFrozen(Array.prototype),
  };
  try {
    const lines = jsonlReader({}, recordingSink(calls.jsonl, () => null));
    lines.push(jsonLines);
    lines.end();
    const reader = recordReader(csv(options), recordingSink(calls.csv, () => null));
    for (const piece of pieces) reader.push(piece);
    reader.end();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    calls.failure = { code: error.code, message: error.message };
  }
  return calls;
}
