import { Failure, messageOf } from "../base/failure.ts";
import type { Layout } from "../data/layout.ts";
import type { ModuleStore } from "../modules/store.ts";
import { dropCancelRequest } from "../staging/cancel_requests.ts";
import { dropReplayRequest, replayRequests } from "../staging/replay_requests.ts";
import { folderOf, restoreFile } from "../staging/staged.ts";
import type { FileRecord, Storage } from "../storage/contract.ts";
import { superseded } from "../storage/failures.ts";
import { replacementOf } from "../storage/file_versions.ts";
import type { Emit } from "../telemetry/events.ts";
import { advance, eventFields } from "./settle.ts";

interface ReplayDeps {
  layout: Layout;
  storage: Pick<Storage, "ledger">;
  modules: Pick<ModuleStore, "versionsRule">;
}

/**
 * Puts a finished file back into the queue, to be loaded with the module that is current then. Its
 * rows have the same keys as before, so they replace the earlier ones.
 *
 * @throws {Failure} `file-not-found` when the bytes were removed, `illegal-transition` when the file
 * is not finished, `superseded` when a later version has replaced it and would do so again
 */
export async function replayFile(
  record: FileRecord,
  deps: ReplayDeps,
  now = Date.now(),
): Promise<void> {
  const { layout, storage: { ledger } } = deps;
  await refuseReplaced(record, deps);
  const folder = await folderOf(layout, record.tenant, record.id);
  if (folder === null) {
    const text = `Cannot replay "${record.name}": its bytes are gone`;
    throw new Failure("usage", "file-not-found", text, {
      hint: "Files are removed from the archive after manage.archive_days. Ask the customer to " +
        "send it again under another name.",
    });
  }
  await dropCancelRequest(layout, record.id);
  // Queued but not in staging: an earlier replay was interrupted.
  if (record.state !== "queued" || folder === "staging") {
    // The ledger first: a running manage would move a finished file out of staging again.
    await advance(ledger, record, { type: "replay" }, now);
  }
  await restoreFile(layout, record);
}

/**
 * Replays the files that operators requested on the dashboard. An impossible request is reported and
 * dropped; when the storage fails, the requests stay for the next scan.
 */
export async function answerReplayRequests(deps: ReplayDeps & { emit: Emit }): Promise<void> {
  const { layout, storage, emit } = deps;
  for (const id of await replayRequests(layout)) {
    const record = await storage.ledger.get(id);
    try {
      if (!record) throw new Failure("usage", "file-not-found", "no file has this id");
      await replayFile(record, deps);
      emit({ kind: "file.replayed", ...eventFields(record) });
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
