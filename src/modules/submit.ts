import { Failure } from "../base/failure.ts";
import type { ModuleFiles } from "../protocol/module_view.ts";
import { explainFullDisk } from "../data/free_space.ts";
import type { ModuleInbox } from "./inbox.ts";
import { checkModuleFiles } from "./source.ts";
import { hashOfSources, type ModuleStore } from "./store.ts";
import { newRecord, type VersionRecord } from "./version_record.ts";

/** Versions of one customer that nobody has decided on yet. */
const MAX_UNDECIDED = 10;
/** Versions that never ran, which are kept to be looked at. */
const MAX_UNUSED = 20;
/** Versions that ran once, which are kept to be gone back to. */
const MAX_SUPERSEDED = 50;

/**
 * Takes a module from a customer: checked by size and name, then durable on disk when it returns.
 * The same sources again, while they wait or run, are the same version.
 *
 * @param now milliseconds since the epoch
 * @throws {Failure} `bad-module-files`, `module-too-large`, `too-many-submissions`, `no-space`
 */
export async function submitModule(
  store: ModuleStore,
  inbox: ModuleInbox,
  tenant: string,
  files: ModuleFiles,
  now: number,
): Promise<VersionRecord> {
  checkModuleFiles(files);
  const taken = store.locked(tenant, async () => {
    const records = await store.records(tenant);
    const current = await store.currentVersion(tenant);
    const same = records.findLast(({ version }) => version.endsWith(`-${hashOfSources(files)}`));
    const waits = same?.state === "checking" || same?.state === "pending";
    const record = same && (waits || same.version === current)
      ? same
      : await takeNew(store, tenant, files, { records, current }, now);
    if (record.state === "checking") await inbox.add(tenant, record.version, { verb: "check" });
    return record;
  });
  try {
    return await taken;
  } catch (error) {
    throw explainFullDisk(error);
  }
}

async function takeNew(
  store: ModuleStore,
  tenant: string,
  files: ModuleFiles,
  { records, current }: { records: VersionRecord[]; current: string | null },
  now: number,
): Promise<VersionRecord> {
  const undecided = records.filter(({ state }) => state === "checking" || state === "pending");
  if (undecided.length >= MAX_UNDECIDED) {
    throw new Failure(
      "refused",
      "too-many-submissions",
      `Cannot take the module: ${undecided.length} of your versions wait to be decided on`,
      { hint: "Ask the platform to approve or reject them.", details: { limit: MAX_UNDECIDED } },
    );
  }
  const unused = records.filter(({ state }) => state === "faulty" || state === "rejected");
  const superseded = records.filter(({ version, state }) =>
    (state === "approved" || state === "rolled-back") && version !== current
  );
  const tooMany = [...unused.slice(0, -MAX_UNUSED), ...superseded.slice(0, -MAX_SUPERSEDED)];
  for (const { version } of tooMany) await store.drop(tenant, version);
  return await store.create(tenant, files, (version) => newRecord(version, now));
}
