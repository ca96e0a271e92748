import type { Layout } from "../data/layout.ts";
import { statIfThere } from "../data/durable.ts";
import type { FileFolder } from "../data/layout.ts";
import { sha256OfFile } from "../base/read_file.ts";
import { isFinal, type ReceivedFile } from "../protocol/file_view.ts";
import { bytesLost, rowsLost } from "../staging/received_bytes.ts";
import { bringSidecar, readSidecar, type StagedFile, writeSidecar } from "../staging/sidecar.ts";
import { dropFile, folderOf, restoreFile } from "../staging/staged.ts";
import type { FileRecord, LoadReceipt, Storage } from "../storage/contract.ts";
import { replayOf } from "../storage/replay_order.ts";
import type { Found } from "../upkeep/files/compare.ts";
import type { FileFacts } from "../upkeep/files/facts.ts";
import { UNTRIED } from "./ledger.ts";
import { advance, moveOut, settleLoaded } from "./settle.ts";

export interface RepairDeps {
  layout: Layout;
  storage: Pick<Storage, "ledger" | "receipt">;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** What was done about a file. */
const DONE = {
  refused: "it was refused, so that its sender sees it",
  loaded: "it is marked as loaded, as its rows are stored",
  queued: "it is loaded again",
  moved: "its bytes were moved",
  kept: "one copy of its bytes was kept",
  written: "the record was written again",
  nothing: "nothing",
} as const;
type Done = (typeof DONE)[keyof typeof DONE];

/**
 * Makes ledger and folders agree again about a file. Can be repeated.
 *
 * @returns what was done
 * @throws {Failure} `ledger-conflict` when another process has changed the file meanwhile; kind
 *   `storage`
 */
export async function repair(deps: RepairDeps, { kind, facts }: Found): Promise<Done> {
  const { record } = facts;
  if (record === null) return await repairUnrecorded(deps, facts);
  switch (kind) {
    case "lost":
      return await settleWithoutBytes(deps, record);
    case "rows-lost":
      return await loadAgain(deps, record);
    case "rows-back":
      await markLoaded(deps, await replayed(deps, record));
      return DONE.loaded;
    case "returned":
      await replayed(deps, record);
      await restoreFile(deps.layout, record);
      return DONE.queued;
    case "doubled":
      await keepOne(deps.layout, record, facts.bytes);
      return DONE.kept;
    case "no-record-beside":
      await writeSidecar(deps.layout, facts.bytes[0]!, record);
      return DONE.written;
    default:
      return await moveHome(deps, record);
  }
}

/** A file of which the ledger has no record, for example because it was restored from a backup. */
async function repairUnrecorded(deps: RepairDeps, facts: FileFacts): Promise<Done> {
  const { layout, storage: { ledger } } = deps;
  const { tenant, id, bytes: [folder] } = facts;
  const file = folder === undefined ? facts.receipt : await knownFile(layout, facts, folder);
  if (file === null) return DONE.nothing;
  const loaded = await deps.storage.receipt(tenant, id);
  if (loaded === null && folder !== undefined) {
    // The next scan of staging adds it to the ledger.
    await restoreFile(layout, file);
    return DONE.queued;
  }
  const { version, name, size, sha256, batch, receivedAt } = file;
  const received: ReceivedFile = { id, tenant, version, name, size, sha256, batch, receivedAt };
  await ledger.insert({ ...received, ...UNTRIED, state: "received", attempts: 0 });
  const record = await ledger.get(id);
  if (record?.state !== "received") return DONE.nothing;
  return await settleWithoutBytes(deps, record, loaded);
}

/** The record beside the bytes; if it is missing, it is written from the upload receipt. */
async function knownFile(
  layout: Layout,
  { tenant, id, receipt }: FileFacts,
  folder: FileFolder,
): Promise<StagedFile | null> {
  const known = await bringSidecar(layout, folder, tenant, id);
  if (known === null && receipt !== null) await writeSidecar(layout, folder, receipt);
  return known ?? receipt;
}

/** Ends a file that cannot be loaded: as loaded if its rows are stored, otherwise as lost. */
async function settleWithoutBytes(
  deps: RepairDeps,
  record: FileRecord,
  known?: LoadReceipt | null,
): Promise<Done> {
  const { storage: { ledger }, now } = deps;
  const loaded = known ?? await deps.storage.receipt(record.tenant, record.id);
  if (loaded) {
    await markLoaded(deps, record, loaded);
    return DONE.loaded;
  }
  await advance(ledger, record, { type: "lose", reason: bytesLost(record) }, now());
  return DONE.refused;
}

/** Marks a file that has not ended as loaded, as its load receipt proves. */
async function markLoaded(
  deps: RepairDeps,
  record: FileRecord,
  known?: LoadReceipt,
): Promise<void> {
  const { layout, storage, now } = deps;
  const loaded = known ?? await storage.receipt(record.tenant, record.id);
  if (loaded === null) return;
  let current = record;
  for (const type of ["queue", "recover", "start"] as const) {
    const from = { queue: "received", recover: "running", start: "queued" }[type];
    if (current.state === from) current = await advance(storage.ledger, current, { type }, now());
  }
  await settleLoaded(layout, storage.ledger, current, { ...loaded, seconds: 0 }, now());
}

/** Loads a file again whose rows are gone; without its bytes it is refused. */
async function loadAgain(deps: RepairDeps, record: FileRecord): Promise<Done> {
  const { layout, storage: { ledger }, now } = deps;
  const { tenant, id, size } = record;
  const isThere = await folderOf(layout, tenant, id, size) !== null;
  const queued = await replayed(deps, record);
  if (isThere) {
    await restoreFile(layout, record);
    return DONE.queued;
  }
  const lost = await advance(ledger, queued, { type: "lose", reason: rowsLost(record) }, now());
  await moveOut(layout, lost);
  return DONE.refused;
}

/** No operator wanted rows to win over later changes, so they keep their place. */
function replayed({ storage: { ledger }, now }: RepairDeps, record: FileRecord) {
  const replay = replayOf(record, "arrival", now(), { keepsOrder: true });
  return advance(ledger, record, { type: "replay", replay }, now());
}

/** Moves the bytes to the folder that belongs to the file's state. */
async function moveHome(deps: RepairDeps, record: FileRecord): Promise<Done> {
  const { layout, storage } = deps;
  const { state, tenant, id } = record;
  if (isFinal(state)) {
    await moveOut(layout, record);
    return DONE.moved;
  }
  // The ledger is older than the archive: the file was loaded after the ledger's backup.
  const loaded = state === "received" ? await storage.receipt(tenant, id) : null;
  if (loaded) {
    await markLoaded(deps, record, loaded);
    return DONE.loaded;
  }
  await restoreFile(layout, record);
  return DONE.moved;
}

/** Keeps the copy with the bytes that were received, the first in the order in which files move. */
async function keepOne(
  layout: Layout,
  record: FileRecord,
  folders: readonly FileFolder[],
): Promise<void> {
  const { tenant, id, size, sha256 } = record;
  const home = isFinal(record.state)
    ? record.state === "ingested" ? "archive" : "quarantine"
    : "staging";
  const inOrder = folders.toSorted((a, b) => Number(b === home) - Number(a === home));
  let kept: FileFolder | undefined;
  for (const folder of inOrder) {
    const path = layout.file(folder, tenant, id);
    if ((await statIfThere(path))?.size !== size || await sha256OfFile(path) !== sha256) continue;
    kept = folder;
    break;
  }
  // None is whole: the load, or the operator, finds that out.
  kept ??= inOrder[0]!;
  if (await readSidecar(layout, kept, tenant, id) === null) {
    await writeSidecar(layout, kept, record);
  }
  for (const folder of inOrder) {
    if (folder !== kept) await dropFile(layout, folder, tenant, id);
  }
}
