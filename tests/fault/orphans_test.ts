import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { hostMark } from "../../src/sandbox/os/host_mark.ts";
import { osSandbox } from "../../src/sandbox/os/os_sandbox.ts";
import { keepAll } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { childrenOf, isAlive } from "../harness/process.ts";
import { hasNativePrograms, programFiles } from "../harness/programs.ts";
import { until } from "../harness/until.ts";

const WITHOUT_BUBBLEWRAP = { env: { PATH: "/nowhere" } };

const LOOPER = keepAll({ before: "for (;;);" });
const SLEEPER = programFiles(
  { exec: ["python3", "sleep.py"] },
  { "sleep.py": "import time\ntime.sleep(600)\n" },
  { secondsPerFile: 600 },
);

function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

for (const options of [{}, WITHOUT_BUBBLEWRAP]) {
  const inBubblewrap = options !== WITHOUT_BUBBLEWRAP;
  Deno.test({
    name: `no process of a killed manage outlives the start of the next one, ${
      inBubblewrap ? "with" : "without"
    } bubblewrap`,
    ignore: inBubblewrap && !osSandbox().active,
    fn: async () => {
      await using platform = await Platform.create(
        "[manage]\nscan_seconds = 0.2\nmax_attempts = 9\ndrain_seconds = 1\n",
      );
      const tenants = {
        loops: LOOPER,
        ...(inBubblewrap && hasNativePrograms() && { sleeps: SLEEPER }),
      };
      for (const [tenant, module] of Object.entries(tenants)) {
        await platform.deploy(tenant, module);
        await platform.stage(tenant, "a.csv", "x\n1\n");
      }
      let left: number[] = [];
      const haveEnded = () => until(`all of ${left} have ended`, () => !left.some(isAlive));
      // From the first moments of its sandboxes to the time when all are busy.
      for (const processes of [1, 3, 8]) {
        const manage = platform.start(["manage"], options);
        const enough = inBubblewrap ? processes : 1;
        await until(`there are ${enough} processes`, () => {
          return descendantsOf(manage.pid).length >= enough;
        });
        // It starts no more while they are listed.
        manage.kill("SIGSTOP");
        const started = descendantsOf(manage.pid);
        await haveEnded();
        left = started;
        manage.kill("SIGKILL");
        await manage.ended();
      }
      const last = platform.manage();
      await haveEnded();
      await last.stop();
      assert.ok((await platform.files()).every(({ state }) => state !== "ingested"));
    },
  });
}

Deno.test({
  name: "manage ends the sandboxes of another one that was killed while it started them",
  ignore: Deno.build.os !== "linux" || !existsSync("/bin/bash"),
  fn: async () => {
    const gone = new Deno.Command("/bin/true").spawn();
    await gone.status;
    const started = [gone.pid, Deno.pid].map((host) => {
      const args = ["-c", `exec -a ${hostMark(host)} sleep 600`];
      return new Deno.Command("/bin/bash", { args }).spawn();
    });
    const [left, kept] = started as [Deno.ChildProcess, Deno.ChildProcess];
    const name = (pid: number) => Deno.readTextFileSync(`/proc/${pid}/cmdline`);
    await until("both have their names", () => {
      return started.every(({ pid }) => name(pid).startsWith("mysimbdp-sandbox"));
    });
    await using platform = await Platform.create();
    await platform.manage("--once").ended();
    assert.equal((await left.status).signal, "SIGKILL");
    assert.ok(isAlive(kept.pid), "its host still exists");
    kept.kill("SIGKILL");
    await kept.status;
  },
});
