/**
 * The Worker for modules that are programs. A WebAssembly program runs in it, from start to end
 * without interruption; a native one only sends its output here. No untrusted JavaScript runs, so
 * there is no compartment.
 *
 * @module
 */
import { Failure, messageOf } from "../../base/failure.ts";
import type { IngestRequest, ToWorker } from "../wire/messages.ts";
import { badExit } from "../wire/program_exit.ts";
import { LogLines } from "../wire/log_lines.ts";
import { ProgramRun } from "./program_run.ts";
import { InputReader } from "./shared_input.ts";
import { compileWasi, runWasi } from "./wasi.ts";
import type { RunCounts } from "../worker/run_output.ts";
import { logLine, post, reply, scope } from "../worker/worker_scope.ts";

const PROGRAM_FAILED = { code: "program-failed", hint: undefined };
/** Batches underway to the host before a WebAssembly program waits. */
const MAX_BATCHES_UNDERWAY = 8;

let run: ProgramRun | null = null;

function handle(message: ToWorker): void {
  switch (message.type) {
    case "describe":
      compileWasi(message.script);
      return reply({ type: "described", declaration: null });
    case "ingest":
      if (message.input) reply({ type: "done", rows: runToEnd(message, message.input) });
      else run = new ProgramRun(message, post);
      return;
    case "chunk":
      run?.push(message.bytes);
      return post({ type: "taken" });
    case "end":
      if (run) reply({ type: "done", rows: run.end() });
      return;
    case "fail":
      return reply({ ...message, type: "failed", read: run?.giveUp() });
    case "sent":
      return run?.sent();
  }
}

/** Runs a WebAssembly program over the whole file, which arrives through shared memory. */
function runToEnd(request: IngestRequest, memory: SharedArrayBuffer): RunCounts {
  const input = new InputReader(memory, () => post({ type: "taken" }));
  let batches = 0;
  const output = run = new ProgramRun(request, (message, transfer) => {
    post(message, transfer);
    if (message.type === "batch") input.waitSent(++batches - MAX_BATCHES_UNDERWAY);
  });
  const log = new LogLines(logLine);
  const module = compileWasi(request.script);
  const code = runWasi(module, {
    args: ["ingest.wasm", request.fileName],
    read: (size) => input.read(size),
    stdout: (bytes) => output.push(bytes),
    stderr: (bytes) => log.push(bytes),
    seed: request.sha256,
  });
  log.end();
  if (code !== 0) throw badExit(`exited with code ${code}`);
  return output.end();
}

scope.onmessage = ({ data }) => {
  try {
    handle(data);
  } catch (error) {
    const { code, hint } = error instanceof Failure ? error : PROGRAM_FAILED;
    reply({ type: "failed", code, message: messageOf(error), hint, read: run?.giveUp() });
  }
};
reply({ type: "ready" });
