import { Failure, messageOf } from "../base/failure.ts";
import type { Layout } from "../data/layout.ts";
import type { ModuleStore } from "../modules/store.ts";
import { dropCancelRequest } from "../staging/cancel_requests.ts";
import { isFinal } from "../protocol/file_view.ts";
import { type Replay, replayMeaning } from "../protocol/replay.ts";
import {
  dropReplayRequest,
  type ReplayRequest,
  replayRequests,
} from "../staging/replay_requests.ts";
import { folderOf, restoreFile } from "../staging/staged.ts";
import type { FileRecord, Storage } from "../storage/contract.ts";
import { superseded } from "../storage/failures.ts";
import { replacementOf } from "../storage/file_versions.ts";
import { replayOf } from "../storage/replay_order.ts";
import type { Emit } from "../telemetry/events.ts";
import { advance, eventFields } from "./settle.ts";

interface ReplayDeps {
  layout: Layout;
  storage: Pick<Storage, "ledger" | "keepsOrder">;
  modules: Pick<ModuleStore, "versionsRule">;
}

/**
 * Puts a finished file back into the queue, to be loaded with the module that is current then. Its
 * rows have the same keys as before, so they replace the earlier ones. The ledger has the order from
 * the moment on that the file is queued, so no load can miss it.
 *
 * @returns the replay; that of an earlier call if that one was interrupted
 * @throws {Failure} `file-not-found` when the bytes were removed, `not-replayable` when the file is
 * not finished or the storage cannot keep its order, `superseded` when a later version has replaced it
 * and would do so again
 */
export async function replayFile(
  record: FileRecord,
  { order, at = Date.now() }: ReplayRequest,
  deps: ReplayDeps,
): Promise<Replay> {
  const { layout, storage } = deps;
  // The process was killed before it dropped the request, or a later replay was quicker.
  if (record.replay && record.replay.at >= at && record.state !== "queued") return record.replay;
  const wanted = replayOf(record, order, at, storage);
  await refuseReplaced(record, deps);
  const folder = await folderOf(layout, record.tenant, record.id);
  if (folder === null) throw bytesGone(record);
  const isInterrupted = record.state === "queued" && folder !== "staging";
  const replay = isInterrupted ? record.replay ?? wanted : wanted;
  if (isInterrupted ? replay.order !== (order ?? replay.order) : !isFinal(record.state)) {
    throw notFinished(record);
  }
  await dropCancelRequest(layout, record.id);
  // The ledger first: a running manage would move a finished file out of staging again.
  if (!isInterrupted) await advance(storage.ledger, record, { type: "replay", replay }, Date.now());
  await restoreFile(layout, record);
  // This replay is later than a request of the dashboard that still waits.
  await dropReplayRequest(layout, record.id);
  return replay;
}

/**
 * Replays the files that operators requested on the dashboard. An impossible request is reported and
 * dropped; when the storage fails, the requests stay for the next scan.
 */
export async function answerReplayRequests(deps: ReplayDeps & { emit: Emit }): Promise<void> {
  const { layout, storage, emit } = deps;
  for (const [id, request] of await replayRequests(layout)) {
    const record = await storage.ledger.get(id);
    try {
      if (!record) throw new Failure("usage", "file-not-found", "no file has this id");
      const { order } = await replayFile(record, request, deps);
      emit({ kind: "file.replayed", ...eventFields(record), order, loaded: replayMeaning(order) });
      emit({ kind: "problem.ended", problem: "file.replay_failed", key: id });
    } catch (error) {
      if (error instanceof Failure && error.kind === "storage") throw error;
      emit({ kind: "file.replay_failed", fileId: id, error: messageOf(error) });
      // For example a folder that cannot be written: tried again at the next scan.
      if (!(error instanceof Failure)) continue;
    }
    await dropReplayRequest(layout, id);
  }
}

/** The load would refuse it too, but then the file would no longer be shown as loaded and replaced. */
async function refuseReplaced(
  record: FileRecord,
  { storage: { ledger }, modules }: ReplayDeps,
): Promise<void> {
  const later = await replacementOf(record, ledger, (tenant) => modules.versionsRule(tenant, null));
  if (later) throw superseded(record, { fileId: later.id, version: later.version });
}

function bytesGone({ name }: FileRecord): Failure {
  return new Failure("usage", "file-not-found", `Cannot replay "${name}": its bytes are gone`, {
    hint: "Files are removed from the archive after manage.archive_days. Ask the customer to " +
      "send it again under another name.",
  });
}

function notFinished({ id, name, state, replay }: FileRecord): Failure {
  const how = replay ? `, ${replayMeaning(replay.order)}` : "";
  const text = `Cannot replay "${name}": it is ${state}${how}`;
  return new Failure("usage", "not-replayable", text, {
    hint: `Wait until it is done; mysimbdp manage files shows its state. Its id is ${id}.`,
  });
}
