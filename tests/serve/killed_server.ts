/** A server process that kills itself after a step of a hand-off. Arguments: dataDir, step. */
import { createApp } from "../../src/serve/app.ts";
import { startServer } from "../../src/serve/server.ts";
import { openIntake } from "../../src/staging/intake.ts";
import { fakeAccounts, fakeLedger, WIDE } from "./harness.ts";

const [dataDir = "", lastStep] = Deno.args;
const intake = await openIntake(dataDir, {
  onStep(step) {
    if (step === lastStep) Deno.kill(Deno.pid, "SIGKILL");
  },
});
const app = createApp({
  version: "0",
  intake,
  accounts: fakeAccounts(),
  operators: fakeAccounts(),
  ledger: fakeLedger([]),
  defaultConstraints: WIDE,
});
const { addr } = await startServer({ hostname: "127.0.0.1", port: 0, app, intake });
console.log(addr.port);
