import type { Config } from "../../config/schema.ts";
import { Failure, messageOf } from "../../base/failure.ts";
import { Layout } from "../../data/layout.ts";
import { checkAccounts } from "./accounts.ts";
import { checkClock } from "./clock.ts";
import { checkCluster } from "./cluster.ts";
import { checkDisk } from "./disk.ts";
import { failed, type Finding, type Patient } from "./finding.ts";
import { checkPermissions } from "./permissions.ts";
import { checkQueue, checkStorage } from "./storage.ts";
import { checkSandbox } from "./sandbox.ts";
import { checkData } from "./data.ts";
import { checkTls } from "./tls.ts";

type Check = (patient: Patient) => Promise<Finding[]>;

const CHECKS: Record<string, Check> = {
  data: checkData,
  accounts: checkAccounts,
  permissions: checkPermissions,
  disk: checkDisk,
  clock: checkClock,
  tls: checkTls,
  storage: checkStorage,
  cluster: checkCluster,
  queue: checkQueue,
  sandbox: checkSandbox,
};

/**
 * Looks at everything that the services need, and changes nothing. A look that fails itself is a
 * finding, and the others go on.
 */
export async function* examine(config: Config, now = Date.now()): AsyncGenerator<Finding> {
  const patient = { config, layout: new Layout(config.data), now };
  for (const [name, check] of Object.entries(CHECKS)) {
    try {
      yield* await check(patient);
    } catch (error) {
      const hint = error instanceof Failure ? error.hint : undefined;
      yield failed(name, messageOf(error), hint ?? "Look at what the message names.");
    }
  }
}
