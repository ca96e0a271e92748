import { Failure } from "../base/failure.ts";
import { formatCount } from "../base/count.ts";
import { systemClock } from "../base/clock.ts";
import type { Layout } from "../data/layout.ts";
import { type FileReason, isFinal } from "../protocol/file_view.ts";
import { cancelRequests, dropCancelRequest, requestCancel } from "../staging/cancel_requests.ts";
import type { FileRecord, Storage } from "../storage/contract.ts";
import { fileNotFound } from "../storage/failures.ts";
import type { ManageLock } from "../storage/sqlite/manage_lock.ts";
import type { Outcome } from "./outcome.ts";
import { advance, isLedgerConflict, moveOut } from "./settle.ts";

/** The reason of a signal that ends an attempt for good; after others the file returns to the queue. */
export const CANCELLED = Symbol("cancelled");

const CODE = "cancelled";
const POLL_MS = 100;
/** Milliseconds between two looks whether the process that loads the file has ended. */
const OWNER_MS = 1_000;

interface CancelDeps {
  layout: Layout;
  storage: Pick<Storage, "ledger" | "receipt" | "begun" | "abandon" | "forget">;
}

interface CancelOptions extends CancelDeps {
  /** Keeps others from starting `manage`. @throws {Failure} `manage-running` */
  lock(): ManageLock;
  /** Milliseconds to wait for the process that loads the file. */
  patienceMs: number;
}

/**
 * Ends a file that is not done: a waiting one at once, and one that is being loaded through the process
 * that loads it, or in its place if that has ended.
 *
 * @returns the file's record, in the state `quarantined`
 * @throws {Failure} `file-ended` if it is done, also if it was loaded meanwhile; `file-not-found`;
 *   `cancel-waits` if the process that loads it does not answer, which ends it later; kind `storage`
 */
export async function cancelFile(id: string, options: CancelOptions): Promise<FileRecord> {
  const { layout, storage: { ledger }, patienceMs } = options;
  const end = performance.now() + patienceMs;
  let lookAt = 0;
  let isRequested = false;
  for (;;) {
    const record = await ledger.get(id);
    if (record === null) throw fileNotFound(id);
    if (isFinal(record.state)) {
      if (!isRequested) throw fileEnded(record);
      await dropCancelRequest(layout, id);
      if (record.reason?.code === CODE) return record;
      throw fileEnded(record);
    }
    const isRunning = record.state === "running";
    if (isRunning && !isRequested) await requestCancel(layout, id);
    isRequested ||= isRunning;
    if (!isRunning || performance.now() >= lookAt) {
      const ended = await endUnlessRunning(record, options);
      if (ended !== null && isRequested) await dropCancelRequest(layout, id);
      if (ended !== null) return ended;
      lookAt = performance.now() + OWNER_MS;
    }
    if (isRunning && performance.now() > end) throw cancelWaits(record);
    // A file that does not run was changed by another process.
    if (isRunning) await systemClock.sleep(POLL_MS);
  }
}

/**
 * Answers the requests to end files that this process does not run. Those that another one runs stay:
 * it answers them.
 */
export async function answerCancelRequests(
  deps: CancelDeps & { isRunning: (id: string) => boolean },
): Promise<void> {
  const { layout, storage: { ledger }, isRunning } = deps;
  for (const id of await cancelRequests(layout)) {
    if (isRunning(id)) continue;
    const record = await ledger.get(id);
    const isWaiting = record !== null && !isFinal(record.state);
    // A replay drops the request before it queues the file again.
    const isOpen = isWaiting && (await cancelRequests(layout)).has(id);
    if (isOpen && await answer(record, deps) === null) continue;
    await dropCancelRequest(layout, id);
  }
}

/**
 * Gives up the load of a file that this process runs.
 * @returns how the file ends: as loaded if its rows and receipt are stored already
 */
export async function giveUp(
  { tenant, id }: FileRecord,
  storage: Pick<Storage, "receipt" | "abandon">,
): Promise<Outcome> {
  const receipt = await storage.receipt(tenant, id);
  if (receipt !== null) return { type: "ingested", ...receipt, notices: [] };
  return { type: "cancelled", reason: reasonOf(await storage.abandon(tenant, id)) };
}

/** A file whose rows are stored is not cancelled: the scan that follows marks it as loaded. */
async function answer(record: FileRecord, deps: CancelDeps): Promise<FileRecord | null> {
  try {
    return await endIfAbandoned(record, deps);
  } catch (error) {
    if (error instanceof Failure && error.code === "file-ended") return record;
    throw error;
  }
}

/** @returns null if a process runs it, or has changed it meanwhile */
async function endUnlessRunning(
  record: FileRecord,
  options: CancelOptions,
): Promise<FileRecord | null> {
  if (record.state !== "running") return await endIfAbandoned(record, options);
  let lock: ManageLock;
  try {
    lock = options.lock();
  } catch (error) {
    if (error instanceof Failure && error.code === "manage-running") return null;
    throw error;
  }
  try {
    return await endIfAbandoned(record, options);
  } finally {
    lock.release();
  }
}

async function endIfAbandoned(record: FileRecord, deps: CancelDeps): Promise<FileRecord | null> {
  const { layout, storage } = deps;
  const { state, tenant, id, replay } = record;
  if (state === "running" && !await storage.ledger.isAbandoned(record)) return null;
  const isStored = async () => await storage.receipt(tenant, id) !== null;
  const wasStored = await isStored();
  // Only a receipt of this replay remains.
  if (replay) await storage.forget(tenant, id, replay);
  if (replay ? await isStored() : wasStored) throw rowsStored(record);
  try {
    const ended = await end(record, storage, wasStored);
    await moveOut(layout, ended);
    return ended;
  } catch (error) {
    if (isLedgerConflict(error)) return null;
    throw error;
  }
}

/** @param wasStored whether rows of an earlier load of the file are stored */
async function end(
  record: FileRecord,
  storage: CancelDeps["storage"],
  wasStored: boolean,
): Promise<FileRecord> {
  const { ledger } = storage;
  const { tenant, id } = record;
  const now = Date.now();
  let owned = record;
  let rows = 0;
  if (await storage.begun(tenant, id) !== null) {
    // As the one that runs it: no other process can start it while its load is given up.
    if (owned.state === "running") owned = await advance(ledger, owned, { type: "recover" }, now);
    owned = await advance(ledger, owned, { type: "start" }, now);
    rows = await storage.abandon(tenant, id);
  }
  const reason = reasonOf(rows, wasStored);
  return await advance(ledger, owned, { type: "cancel", reason }, now);
}

/**
 * @param rows how many rows may be stored
 * @param wasStored whether those of an earlier load are
 */
function reasonOf(rows: number, wasStored = false): FileReason {
  const what = rows > 0
    ? `while its rows were being stored: up to ${formatCount(rows, "row")} may be in the tables`
    : wasStored
    ? "before it was loaded again: the rows of its earlier load stay"
    : "before it was loaded: none of its rows are stored";
  const message = `Cancelled by the operator ${what}. To load it, ask the operator for a replay, ` +
    "or send a corrected file.";
  return { code: CODE, message };
}

function fileEnded({ id, name, state, reason }: FileRecord): Failure {
  const how = state === "ingested" ? "loaded" : `${state} (${reason?.code ?? "unknown"})`;
  return new Failure("usage", "file-ended", `Cannot cancel "${name}": it is already ${how}`, {
    hint: `Run mysimbdp manage replay ${id} to load it again.`,
  });
}

function rowsStored({ name }: FileRecord): Failure {
  const text = `Cannot cancel "${name}": its rows are stored`;
  return new Failure("usage", "file-ended", text, {
    hint: "manage marks it as loaded when it looks at it again. Start it if it does not run.",
  });
}

function cancelWaits({ name }: FileRecord): Failure {
  const text = `Cannot cancel "${name}" yet: the manage that loads it does not answer`;
  return new Failure("storage", "cancel-waits", text, {
    hint: "The request stays: that manage, or the one that takes the file over, ends the file.",
  });
}
