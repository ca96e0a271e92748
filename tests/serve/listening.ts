import { createApp, type ServeDeps } from "../../src/serve/app.ts";
import { type RunningServer, type ServerOptions, startServer } from "../../src/serve/server.ts";
import { type Intake, type IntakeOptions, openIntake } from "../../src/staging/intake.ts";
import { fakeAccounts, fakeLedger, WIDE } from "./harness.ts";

/** A server on a free port of this machine. */
export interface Listening {
  url: string;
  dataDir: string;
  intake: Intake;
  server: RunningServer;
}

/** Runs a test against a listening server, then removes its data. */
export async function withServer(
  test: (listening: Listening) => Promise<void>,
  options: {
    app?: Partial<ServeDeps>;
    intake?: IntakeOptions;
    server?: Partial<ServerOptions>;
  } = {},
): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "mysimbdp-server-" });
  const intake = await openIntake(dataDir, options.intake);
  const app = createApp({
    version: "1.2.3",
    intake,
    accounts: fakeAccounts(),
    operators: fakeAccounts(),
    ledger: fakeLedger([]),
    defaultConstraints: WIDE,
    ...options.app,
  });
  const listen = { hostname: "127.0.0.1", port: 0, app, intake, ...options.server };
  const server = await startServer(listen);
  try {
    await test({ url: `http://127.0.0.1:${server.addr.port}`, dataDir, intake, server });
  } finally {
    await server.shutdown();
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** Polls until a condition holds; fails after ten seconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`Waited in vain until ${what}`);
}
