import type { Config } from "../../config/schema.ts";
import { Failure, messageOf } from "../../base/failure.ts";
import { Layout } from "../../data/layout.ts";
import { checkAccounts } from "./accounts.ts";
import { checkFilesOf } from "./handwritten.ts";
import { checkClock } from "./clock.ts";
import { checkCluster } from "./cluster.ts";
import { checkDisk } from "./disk.ts";
import { checkFiles } from "./files.ts";
import { type CheckContext, failed, type Finding } from "./finding.ts";
import { checkPermissions } from "./permissions.ts";
import { checkProxy } from "./proxy.ts";
import { checkStaging } from "./staging.ts";
import { checkQueue, checkStorage } from "./storage.ts";
import { checkRoles } from "./roles.ts";
import { checkSandbox } from "./sandbox.ts";
import { checkData } from "./data.ts";
import { checkTls } from "./tls.ts";
import { checkTokens } from "./tokens.ts";
import { checkTombstones } from "./tombstones.ts";

type Check = (context: CheckContext) => Promise<Finding[]>;

const CHECKS: Record<string, Check> = {
  data: checkData,
  accounts: checkAccounts,
  tokens: checkTokens,
  constraints: checkFilesOf("constraints"),
  modules: checkFilesOf("modules"),
  secrets: checkFilesOf("secrets"),
  permissions: checkPermissions,
  disk: checkDisk,
  clock: checkClock,
  tls: checkTls,
  proxy: checkProxy,
  storage: checkStorage,
  cluster: checkCluster,
  roles: checkRoles,
  tombstones: checkTombstones,
  staging: checkStaging,
  queue: checkQueue,
  files: checkFiles,
  sandbox: checkSandbox,
};

/**
 * Runs all checks and changes nothing. A check that throws is a failed finding; the others still run.
 */
export async function* examine(config: Config, now = Date.now()): AsyncGenerator<Finding> {
  const context = { config, layout: new Layout(config.data), now };
  for (const [name, check] of Object.entries(CHECKS)) {
    try {
      yield* await check(context);
    } catch (error) {
      const hint = error instanceof Failure ? error.hint : undefined;
      yield failed(name, messageOf(error), hint ?? "Check the file or service in the message.");
    }
  }
}
