// A worker entry for lockdown_test.ts: locks all intrinsics, then reads what it is sent.
import type { CsvOptions } from "../../../src/sdk/csv.ts";
import type { Told } from "./recording.ts";

export interface LockdownTask {
  options: CsvOptions;
  pieces: Uint8Array[];
  jsonLines: string;
}
export interface LockdownAnswer {
  csv: Told[];
  jsonl: Told[];
  failure: { code: string; message: string } | null;
  isLocked: boolean;
}

Object.assign(globalThis, { process: { env: {} } });
await import("ses");
lockdown({ reporting: "none" });
const { csv } = await import("../../../src/sdk/csv.ts");
const { Failure } = await import("../../../src/base/failure.ts");
const { jsonlReader } = await import("../../../src/sandbox/formats/jsonl.ts");
const { recordReader } = await import("../../../src/sandbox/formats/record_reader.ts");
const { recordingSink } = await import("./recording.ts");

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<LockdownTask>) => void;
  postMessage(answer: LockdownAnswer | "ready"): void;
};
scope.onmessage = ({ data }) => scope.postMessage(answer(data));
scope.postMessage("ready");

function answer({ options, pieces, jsonLines }: LockdownTask): LockdownAnswer {
  const told: LockdownAnswer = {
    csv: [],
    jsonl: [],
    failure: null,
    isLocked: Object.isFrozen(Array.prototype),
  };
  try {
    const lines = jsonlReader(recordingSink(told.jsonl, () => null));
    lines.push(jsonLines);
    lines.end();
    const reader = recordReader(csv(options), recordingSink(told.csv, () => null));
    for (const piece of pieces) reader.push(piece);
    reader.end();
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    told.failure = { code: thrown.code, message: thrown.message };
  }
  return told;
}
