import { Failure } from "../base/failure.ts";
import type { ModuleFaultView, ModuleFiles } from "../protocol/module_view.ts";
import { type BuiltModule, type ModuleStore, numberOf } from "./store.ts";
import { newRecord, type VersionRecord } from "./version_record.ts";

/** Who decides, and why. */
export interface Decision {
  /** An operator's name, or `auto`. */
  by: string;
  note?: string | null;
  /** Milliseconds since the epoch. */
  now: number;
}

/** How a new version came to be the current one. */
export interface Promotion {
  record: VersionRecord;
  /** The version that was current before. */
  previous: string | null;
}

/** Notes the faults of a version that cannot be used. */
export async function markFaulty(
  store: ModuleStore,
  tenant: string,
  version: string,
  faults: ModuleFaultView[],
  now: number,
): Promise<VersionRecord> {
  return await change(store, tenant, version, ["checking"], (record) => ({
    ...record,
    state: "faulty",
    decidedAt: new Date(now).toISOString(),
    decidedBy: "auto",
    faults,
  }));
}

/** Lets a version that was built wait for an operator. */
export async function markPending(
  store: ModuleStore,
  tenant: string,
  version: string,
): Promise<VersionRecord> {
  return await change(store, tenant, version, ["checking"], (record) => ({
    ...record,
    state: "pending",
  }));
}

/**
 * Makes a version that was built the current one, unless it was rejected. Its tables must be there.
 * @throws {Failure} `wrong-version-state`
 */
export async function approveVersion(
  store: ModuleStore,
  tenant: string,
  version: string,
  decision: Decision,
): Promise<Promotion> {
  return await store.locked(tenant, async () => {
    const record = await store.record(tenant, version);
    checkState(tenant, record, ["checking", "pending", "approved", "rolled-back"]);
    return await promote(store, tenant, record, decision);
  });
}

/** Puts a version in that an operator brings, as the current one. */
export async function deployVersion(
  store: ModuleStore,
  tenant: string,
  files: ModuleFiles,
  module: BuiltModule,
  decision: Decision,
): Promise<Promotion> {
  return await store.locked(tenant, async () => {
    const record = await store.create(
      tenant,
      files,
      (version) => newRecord(version, decision.now),
      module,
    );
    return await promote(store, tenant, record, decision);
  });
}

/** Refuses a version that waits. @throws {Failure} `wrong-version-state` */
export async function rejectVersion(
  store: ModuleStore,
  tenant: string,
  version: string,
  decision: Decision,
): Promise<VersionRecord> {
  return await change(store, tenant, version, ["checking", "pending"], (record) => ({
    ...decided(record, decision),
    state: "rejected",
  }));
}

/**
 * Takes the current version back and makes an earlier one current.
 *
 * @param to the version to go back to; null for the one that was current before
 * @param only goes on only if this version is still the current one
 * @returns the version that was taken back and the one that runs now; null when `only` is not current
 * @throws {Failure} `no-earlier-version`, `wrong-version-state`, `no-such-version`
 */
export async function rollBack(
  store: ModuleStore,
  tenant: string,
  to: string | null,
  decision: Decision,
  only?: string,
): Promise<{ from: VersionRecord; to: VersionRecord } | null> {
  return await store.locked(tenant, async () => {
    const current = await store.currentVersion(tenant);
    if (only !== undefined && current !== only) return null;
    if (current === null) throw noEarlier(tenant);
    const from = await store.record(tenant, current);
    const target = await earlierVersion(store, tenant, from, to);
    checkState(tenant, target, ["approved", "rolled-back"]);
    const next: VersionRecord = { ...target, state: "approved", failedFiles: null };
    await store.write(tenant, next);
    // A kill here leaves the old version current and both of them usable.
    await store.point(tenant, next.version);
    const taken: VersionRecord = { ...decided(from, decision), state: "rolled-back" };
    await store.write(tenant, taken);
    return { from: taken, to: next };
  });
}

/** The versions that wait for an operator, the newest last. */
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
    ...decided(record, decision),
    state: "approved",
    previous,
    // Without an earlier version there is nothing to go back to.
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
  if (to !== null) throw wrongState(tenant, from, "is the current one");
  const usable = (await store.records(tenant)).filter(({ state }) => state === "approved");
  const earlier = usable.find(({ version }) => version === from.previous) ??
    usable.findLast(({ version }) => numberOf(version) < numberOf(from.version));
  if (!earlier) throw noEarlier(tenant);
  return earlier;
}

function decided(record: VersionRecord, { by, note = null, now }: Decision): VersionRecord {
  return { ...record, decidedAt: new Date(now).toISOString(), decidedBy: by, note };
}

async function change(
  store: ModuleStore,
  tenant: string,
  version: string,
  from: VersionRecord["state"][],
  edit: (record: VersionRecord) => VersionRecord,
): Promise<VersionRecord> {
  return await store.locked(tenant, async () => {
    const record = await store.record(tenant, version);
    checkState(tenant, record, from);
    const next = edit(record);
    await store.write(tenant, next);
    return next;
  });
}

function checkState(tenant: string, record: VersionRecord, allowed: VersionRecord["state"][]) {
  if (!allowed.includes(record.state)) throw wrongState(tenant, record, `is ${record.state}`);
}

function wrongState(tenant: string, { version }: VersionRecord, state: string): Failure {
  return new Failure(
    "usage",
    "wrong-version-state",
    `Cannot decide on version ${version} of "${tenant}": it ${state}`,
    { hint: `To see them all: mysimbdp manage tenant versions ${tenant}` },
  );
}

function noEarlier(tenant: string): Failure {
  const text = `Cannot roll back the module of "${tenant}": there is no earlier version`;
  return new Failure("usage", "no-earlier-version", text);
}
