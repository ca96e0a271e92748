import type { Emit } from "../../telemetry/events.ts";
import type { Config } from "../../config/schema.ts";
import type { Storage, TableLimits } from "../../storage/contract.ts";
import type { ModuleLog } from "../module_log.ts";
import { approveVersion, type Decision, deployVersion, type Promotion } from "../review.ts";
import { readReviewed, requireSeen } from "../reviewed.ts";
import { type BuiltModule, hashOfSources, type ModuleStore, type TenantVersion } from "../store.ts";
import { buildModule } from "./build.ts";

type TableStorage = Pick<Storage, "ensureKeyspace" | "ensureTables">;

export interface ApprovalDeps {
  store: ModuleStore;
  storage: TableStorage;
  log: ModuleLog;
  emit: Emit;
  config: () => Config;
}

/**
 * Builds the module in a folder, creates or widens its tables and makes it the tenant's current
 * version.
 *
 * @param by the operator's name
 * @throws {Failure} as {@link buildModule} and {@link Storage.ensureTables}
 */
export async function deployModule(
  tenant: string,
  dir: string,
  store: ModuleStore,
  storage: TableStorage,
  limits: TableLimits,
  by: string,
): Promise<Promotion & { module: BuiltModule }> {
  const { files, ...module } = await buildModule(dir);
  await ensureTables(storage, tenant, module, limits);
  const deployed = await deployVersion(store, tenant, files, module, { by, now: Date.now() });
  return { ...deployed, module };
}

/**
 * Deploys a built module, unless an earlier call has: a version of the same sources stays current, or
 * becomes current if the call was interrupted.
 *
 * @param by the operator's name
 * @throws {Failure} as {@link Storage.ensureTables}
 */
export async function completeModule(
  tenant: string,
  { files, ...module }: Awaited<ReturnType<typeof buildModule>>,
  store: ModuleStore,
  storage: TableStorage,
  limits: TableLimits,
  by: string,
): Promise<{ version: string; isNew: boolean }> {
  await ensureTables(storage, tenant, module, limits);
  const last = (await store.records(tenant)).at(-1);
  const isSame = last?.version.endsWith(`-${hashOfSources(files)}`) ?? false;
  if (last && isSame && last.version === await store.currentVersion(tenant)) {
    return { version: last.version, isNew: false };
  }
  const decision = { by, now: Date.now() };
  if (!last || !isSame || last.state !== "checking") {
    const { record } = await deployVersion(store, tenant, files, module, decision);
    return { version: record.version, isNew: true };
  }
  await store.keepBuilt(tenant, last.version, module);
  await approveVersion(store, { tenant, version: last.version }, decision, null);
  return { version: last.version, isNew: true };
}

/**
 * Creates or widens the tables of a submitted version, makes it current and logs that.
 *
 * @param seen what the operator has seen (`Reviewed.seen`); null if nobody looks at it
 * @throws {Failure} `table-mismatch`, `wrong-version-state`, `review-outdated`
 */
export async function approveModule(
  { store, storage, log, emit, config }: ApprovalDeps,
  at: TenantVersion,
  module: BuiltModule,
  decision: Decision,
  seen: string | null,
): Promise<void> {
  const { tenant, version } = at;
  // Before its tables are created; once more when nothing can change any longer.
  if (seen !== null) requireSeen(at, await readReviewed(store, at), seen);
  await ensureTables(storage, tenant, module, tableLimits(config()));
  await approveVersion(store, at, decision, seen);
  const { by, now } = decision;
  await log.appendVersion(at, `Approved by ${by}; runs from the next file on`, now);
  emit({ kind: "module.deployed", tenant, moduleVersion: version, by });
}

/** The operator's limits of a tenant's tables. */
export function tableLimits({ modules }: Config): TableLimits {
  return { tables: modules.max_tables, columns: modules.max_columns };
}

async function ensureTables(
  storage: TableStorage,
  tenant: string,
  { declaration }: BuiltModule,
  limits: TableLimits,
) {
  await storage.ensureKeyspace(tenant);
  await storage.ensureTables(tenant, declaration.tables, limits);
}
