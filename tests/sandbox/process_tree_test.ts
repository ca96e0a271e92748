import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { getPriority } from "node:os";
import { type Exceeded, watchLimits } from "../../src/sandbox/host/limits.ts";
import { cpuWaitOfTree, lowerPriorityOfTree } from "../../src/sandbox/host/process_tree.ts";
import { childrenOf } from "../harness/process.ts";
import { until } from "../harness/until.ts";

/** Starts a shell script and waits for its first line. */
async function started(script: string) {
  const process = new Deno.Command("/bin/sh", { args: ["-c", script], stdout: "piped" }).spawn();
  const reader = process.stdout.getReader();
  await reader.read();
  await reader.cancel();
  return { pid: process.pid, [Symbol.asyncDispose]: () => end(process) };
}

async function end(process: Deno.ChildProcess): Promise<void> {
  for (const pid of [process.pid, ...childrenOf(process.pid)]) Deno.kill(pid, "SIGKILL");
  await process.status;
}

Deno.test("the lowest priority applies to a process, its children and their sessions", async () => {
  await using parent = await started("sleep 60 & setsid sh -c 'echo; exec sleep 60' & wait");
  const own = getPriority(Deno.pid);
  lowerPriorityOfTree(parent.pid, 19);
  const children = childrenOf(parent.pid);
  assert.equal(children.length, 2);
  for (const pid of [parent.pid, ...children]) assert.equal(getPriority(pid), 19);
  if (existsSync("/proc/self/autogroup")) {
    const groups = children.map((pid) => Deno.readTextFileSync(`/proc/${pid}/autogroup`).trim());
    assert.equal(groups.filter((text) => text.endsWith("nice 19")).length, 1, String(groups));
  }
  assert.equal(getPriority(Deno.pid), own);
});

Deno.test("time without a CPU does not count against a process, sleep does", async () => {
  // Both on one CPU, so that each waits for the other half of the time.
  const loop = "while :; do :; done";
  await using parent = await started(
    `echo; taskset -c 0 sh -c '${loop}' & taskset -c 0 sh -c '${loop}'`,
  );
  await until("a second of CPU time was waited for", () => cpuWaitOfTree(parent.pid) > 1);
  const ended: Exceeded[] = [];
  const actions = { exceeded: (what: Exceeded) => void ended.push(what) };
  const limits = { memoryBytes: 2 ** 30, seconds: 0.5, cpuSeconds: 600 };
  const stop = watchLimits(parent.pid, limits, () => 0, actions);
  await using idle = await started("echo; sleep 60 & wait");
  const stopIdle = watchLimits(idle.pid, limits, () => 0, actions);
  await until("the idle process exceeded its time", () => ended.length > 0);
  assert.deepEqual(ended, ["time"]);
  await until("so does a busy one in the end", () => ended.length > 1);
  stop();
  stopIdle();
});
