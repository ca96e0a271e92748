import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { getPriority } from "node:os";
import { lowerPriorityOfTree } from "../../src/sandbox/host/process_tree.ts";
import { childrenOf } from "../harness/process.ts";

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
  lowerPriorityOfTree(parent.pid);
  const children = childrenOf(parent.pid);
  assert.equal(children.length, 2);
  for (const pid of [parent.pid, ...children]) assert.equal(getPriority(pid), 19);
  if (existsSync("/proc/self/autogroup")) {
    const groups = children.map((pid) => Deno.readTextFileSync(`/proc/${pid}/autogroup`).trim());
    assert.equal(groups.filter((text) => text.endsWith("nice 19")).length, 1, String(groups));
  }
  assert.equal(getPriority(Deno.pid), own);
});
