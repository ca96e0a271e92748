import { Failure } from "../base/failure.ts";
import type { ModuleFiles } from "../protocol/module_view.ts";
import { explainFullDisk } from "../data/free_space.ts";
import type { ModuleInbox } from "./inbox.ts";
import { checkModuleFiles } from "./source.ts";
import { hashOfSources, type ModuleStore } from "./store.ts";
import { newRecord, type VersionRecord } from "./version_record.ts";

/** Versions of one tenant that still await a decision. */
const MAX_UNDECIDED = 10;
/** Versions that never ran, kept for their authors to read. */
const MAX_UNUSED = 20;
/** Versions that ran before, kept for rollbacks. */
const MAX_SUPERSEDED = 50;
/** MiB of the versions of one tenant that await a decision, and of those that are kept beside. */
const MAX_MIB = { undecided: 128, kept: 256 };

/**
 * Stores a module that a tenant submitted as a new version, durable on return, and requests its check.
 * Sources that are already pending or current keep their version.
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
  const stored = store.locked(tenant, async () => {
    const records = await store.records(tenant);
    const current = await store.currentVersion(tenant);
    const same = records.findLast(({ version }) => version.endsWith(`-${hashOfSources(files)}`));
    const undecided = same?.state === "checking" || same?.state === "pending";
    const record = same && (undecided || same.version === current)
      ? same
      : await createVersion(store, tenant, files, { records, current }, now);
    if (record.state === "checking") await inbox.add(tenant, record.version, { verb: "check" });
    return record;
  });
  try {
    return await stored;
  } catch (error) {
    throw explainFullDisk(error);
  }
}

async function createVersion(
  store: ModuleStore,
  tenant: string,
  files: ModuleFiles,
  { records, current }: { records: VersionRecord[]; current: string | null },
  now: number,
): Promise<VersionRecord> {
  const undecided = records.filter(({ state }) => state === "checking" || state === "pending");
  const bytes = await sizesOf(store, tenant, records);
  const mib = sum(undecided, bytes) / 1024 ** 2;
  if (mib >= MAX_MIB.undecided) {
    throw tooManySubmissions(`${Math.ceil(mib)} MiB of versions are waiting`, MAX_MIB.undecided);
  }
  if (undecided.length >= MAX_UNDECIDED) {
    throw tooManySubmissions(`${undecided.length} versions are waiting`, MAX_UNDECIDED);
  }
  const unused = records.filter(({ state }) => state === "faulty" || state === "rejected");
  const superseded = records.filter(({ version, state }) =>
    (state === "approved" || state === "rolled-back") && version !== current
  );
  const tooMany = [
    ...unused.slice(0, -MAX_UNUSED),
    ...superseded.slice(0, -MAX_SUPERSEDED),
    ...tooLarge(unused.slice(-MAX_UNUSED), superseded.slice(-MAX_SUPERSEDED), bytes),
  ];
  for (const { version } of tooMany) await store.drop(tenant, version);
  return await store.create(tenant, files, (version) => newRecord(version, now));
}

function tooManySubmissions(what: string, limit: number): Failure {
  const text = `Cannot accept the module: ${what} for approval (limit: ${limit})`;
  return new Failure("refused", "too-many-submissions", text, {
    hint: "Ask the operator to approve or reject them.",
    details: { limit },
  });
}

/** The oldest versions beyond the bytes that are kept; the last one that ran is never among them. */
function tooLarge(
  unused: VersionRecord[],
  superseded: VersionRecord[],
  bytes: ReadonlyMap<string, number>,
): VersionRecord[] {
  const inOrder = [...unused, ...superseded.slice(0, -1)];
  let excess = sum([...unused, ...superseded], bytes) - MAX_MIB.kept * 1024 ** 2;
  return inOrder.filter(({ version }) => {
    if (excess <= 0) return false;
    excess -= bytes.get(version) ?? 0;
    return true;
  });
}

function sum(records: readonly VersionRecord[], bytes: ReadonlyMap<string, number>): number {
  return records.reduce((all, { version }) => all + (bytes.get(version) ?? 0), 0);
}

/** The bytes of versions on the disk, by name. */
async function sizesOf(
  store: ModuleStore,
  tenant: string,
  records: readonly VersionRecord[],
): Promise<Map<string, number>> {
  const sizes = records.map(async ({ version }) => {
    return [version, await store.bytesOf(tenant, version)] as const;
  });
  return new Map(await Promise.all(sizes));
}
