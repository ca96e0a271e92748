import { Failure } from "../base/failure.ts";
import type { ModuleFaultView, ModuleFiles } from "../protocol/module_view.ts";
import type { ModuleLog } from "./module_log.ts";
import { readReviewed, requireSeen } from "./reviewed.ts";
import { type BuiltModule, type ModuleStore, numberOf, type TenantVersion } from "./store.ts";
import { newRecord, type VersionRecord } from "./version_record.ts";

/** Who decided on a version, when and why. */
export interface Decision {
  /** An operator's name, or `auto`. */
  by: string;
  note?: string | null;
  /** Milliseconds since the epoch. */
  now: number;
}

/** A version that became current. */
export interface Promotion {
  record: VersionRecord;
  /** The version that was current before. */
  previous: string | null;
}

/** Records the faults of a version that cannot run. */
export async function markFaulty(
  store: ModuleStore,
  at: TenantVersion,
  faults: ModuleFaultView[],
  now: number,
): Promise<void> {
  const decision = decided({ by: "auto", now });
  await change(store, at, ["checking"], { ...decision, state: "faulty", faults });
}

/** Marks a valid version as waiting for an operator's decision. */
export async function markPending(store: ModuleStore, at: TenantVersion): Promise<void> {
  await change(store, at, ["checking"], { state: "pending" });
}

/**
 * Makes a built version current, unless it was rejected. Its tables must exist.
 *
 * @param seen what the operator has seen (`Reviewed.seen`); null if nobody looks at it
 * @throws {Failure} `wrong-version-state`, `review-outdated`
 */
export async function approveVersion(
  store: ModuleStore,
  { tenant, version }: TenantVersion,
  decision: Decision,
  seen: string | null,
): Promise<Promotion> {
  return await store.locked(tenant, async () => {
    if (seen !== null) {
      const at = { tenant, version };
      requireSeen(at, await readReviewed(store, at), seen);
    }
    const record = await store.record(tenant, version);
    checkState(tenant, record, ["checking", "pending", "approved", "rolled-back"]);
    return await promote(store, tenant, record, decision);
  });
}

/** Creates a version from an operator's files and makes it current. */
export async function deployVersion(
  store: ModuleStore,
  tenant: string,
  files: ModuleFiles,
  module: BuiltModule,
  decision: Decision,
): Promise<Promotion> {
  return await store.locked(tenant, async () => {
    const recordOf = (version: string) => newRecord(version, decision.now);
    const record = await store.create(tenant, files, recordOf, module);
    return await promote(store, tenant, record, decision);
  });
}

/** Rejects a version that is not approved yet, and logs that. @throws {Failure} `wrong-version-state` */
export async function rejectVersion(
  { store, log }: { store: ModuleStore; log: ModuleLog },
  at: TenantVersion,
  decision: Decision,
): Promise<void> {
  await change(store, at, ["checking", "pending"], { ...decided(decision), state: "rejected" });
  await log.appendVersion(at, `Rejected ${byAndNote(decision)}`, decision.now);
}

/** Who decided and why, for the log. */
export function byAndNote({ by, note }: Decision): string {
  return note ? `by ${by}: ${note}` : `by ${by}`;
}

/**
 * Rolls back the current version and makes another one current.
 *
 * @param to the version to return to; null for the one that was current before
 * @param expected does nothing unless this version is still current
 * @returns the version that was rolled back and the current one; null when `expected` is not current
 * @throws {Failure} `no-earlier-version`, `wrong-version-state`, `no-such-version`
 */
export async function rollBack(
  store: ModuleStore,
  tenant: string,
  to: string | null,
  decision: Decision,
  expected?: string,
): Promise<{ from: VersionRecord; to: VersionRecord } | null> {
  return await store.locked(tenant, async () => {
    const current = await store.currentVersion(tenant);
    if (expected !== undefined && current !== expected) return null;
    if (current === null) throw noEarlier(tenant);
    const from = await store.record(tenant, current);
    const target = await earlierVersion(store, tenant, from, to);
    checkState(tenant, target, ["approved", "rolled-back"]);
    const next: VersionRecord = { ...target, state: "approved", failedFiles: null };
    await store.write(tenant, next);
    // A crash here leaves the old version current and both of them usable.
    await store.point(tenant, next.version);
    const rolledBack: VersionRecord = { ...from, ...decided(decision), state: "rolled-back" };
    await store.write(tenant, rolledBack);
    return { from: rolledBack, to: next };
  });
}

/** Returns the versions that wait for an operator's decision, oldest first. */
export async function pendingVersions(store: ModuleStore, tenant: string): Promise<string[]> {
  const records = await store.records(tenant);
  return records.filter(({ state }) => state === "pending").map(({ version }) => version);
}

async function promote(
  store: ModuleStore,
  tenant: string,
  record: VersionRecord,
  decision: Decision,
): Promise<Promotion> {
  const current = await store.currentVersion(tenant);
  const previous = current === record.version ? record.previous : current;
  const approved: VersionRecord = {
    ...record,
    ...decided(decision),
    state: "approved",
    previous,
    // The first version has no probation: a rollback would have no target.
    failedFiles: previous === null ? null : [],
  };
  await store.write(tenant, approved);
  await store.point(tenant, record.version);
  return { record: approved, previous };
}

async function earlierVersion(
  store: ModuleStore,
  tenant: string,
  from: VersionRecord,
  to: string | null,
): Promise<VersionRecord> {
  if (to !== null && to !== from.version) return await store.record(tenant, to);
  if (to !== null) throw wrongState(tenant, from, "is current");
  const usable = (await store.records(tenant)).filter(({ state }) => state === "approved");
  const earlier = usable.find(({ version }) => version === from.previous) ??
    usable.findLast(({ version }) => numberOf(version) < numberOf(from.version));
  if (!earlier) throw noEarlier(tenant);
  return earlier;
}

function decided({ by, note = null, now }: Decision) {
  return { decidedAt: new Date(now).toISOString(), decidedBy: by, note };
}

async function change(
  store: ModuleStore,
  { tenant, version }: TenantVersion,
  from: VersionRecord["state"][],
  patch: Partial<VersionRecord>,
): Promise<void> {
  await store.locked(tenant, async () => {
    const record = await store.record(tenant, version);
    checkState(tenant, record, from);
    await store.write(tenant, { ...record, ...patch });
  });
}

function checkState(tenant: string, record: VersionRecord, allowed: VersionRecord["state"][]) {
  if (!allowed.includes(record.state)) throw wrongState(tenant, record, `is ${record.state}`);
}

function wrongState(tenant: string, { version }: VersionRecord, state: string): Failure {
  const text = `Cannot change the state of version ${version} of "${tenant}": it ${state}`;
  return new Failure("usage", "wrong-version-state", text, {
    hint: `Run mysimbdp manage tenant versions ${tenant} to list all versions.`,
  });
}

function noEarlier(tenant: string): Failure {
  const text = `Cannot roll back the module of "${tenant}": it has no earlier version`;
  return new Failure("usage", "no-earlier-version", text);
}
