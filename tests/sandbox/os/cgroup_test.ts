import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { Cgroup } from "../../../src/sandbox/os/cgroup.ts";
import { cgroupsState } from "../../../src/sandbox/os/cgroups.ts";

const state = cgroupsState();

/** Whether this process could manage groups, found out independently: root of the real hierarchy. */
function couldManageGroups(): boolean {
  const root = "/sys/fs/cgroup";
  if (Deno.uid() !== 0 || !existsSync(`${root}/cgroup.controllers`)) return false;
  if (existsSync(`${root}/cgroup.events`)) return false;
  const offered = Deno.readTextFileSync(`${root}/cgroup.controllers`).trim().split(" ");
  return offered.includes("memory") && offered.includes("pids");
}

Deno.test("a machine without control groups says why; as root of the hierarchy they are there", () => {
  if (couldManageGroups()) assert.deepEqual(state.active ? "" : state.why, "");
  if (state.active) assert.ok(existsSync(`${state.folder}/cgroup.subtree_control`));
  else {assert.match(
      state.why,
      /not mounted|no controller|delegated|other processes|outside|need Linux/,
    );}
  assert.equal(Cgroup.create() === null, !state.active);
});

Deno.test("a process that exceeds its group's memory is ended, and the group is removed", async () => {
  const group = Cgroup.create();
  // The test above has checked that there can be none here.
  if (group === null) return;
  group.limitMemory(0);
  const bomb = group.enter({ program: "/usr/bin/tail", args: ["/dev/zero"] });
  const folder = bomb.args.find((arg) => arg.startsWith("/"))!;
  const ended = await new Deno.Command(bomb.program, { args: bomb.args }).output();
  assert.equal(ended.signal, "SIGKILL");
  assert.ok(group.wasOutOfMemory());
  const sleeper = group.enter({ program: "/bin/sh", args: ["-c", "sleep 60 & sleep 60 & wait"] });
  const process = new Deno.Command(sleeper.program, { args: sleeper.args, stdout: "piped" })
    .spawn();
  await group.remove();
  await process.output();
  assert.ok(!existsSync(folder));
});
