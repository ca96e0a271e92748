import assert from "node:assert/strict";
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
    name: `a killed manage leaves no process, ${inBubblewrap ? "with" : "without"} bubblewrap`,
    ignore: inBubblewrap && !osSandbox().active,
    fn: async () => {
      await using platform = await Platform.create(
        "[manage]\nscan_seconds = 0.2\nmax_attempts = 9\n",
      );
      const tenants = {
        loops: LOOPER,
        ...(inBubblewrap && hasNativePrograms() && { sleeps: SLEEPER }),
      };
      for (const [tenant, module] of Object.entries(tenants)) {
        await platform.deploy(tenant, module);
        await platform.stage(tenant, "a.csv", "x\n1\n");
      }
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
        manage.kill("SIGKILL");
        await manage.ended();
        await until(`all of ${started} have ended`, () => !started.some(isAlive));
      }
      assert.ok((await platform.files()).every(({ state }) => state !== "ingested"));
    },
  });
}
