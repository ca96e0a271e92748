import { Failure, messageOf } from "../base/failure.ts";
import type { Layout } from "../data/layout.ts";
import { dropReplayRequest, replayRequests } from "../staging/replay_requests.ts";
import type { Storage } from "../storage/contract.ts";
import type { Emit } from "../telemetry/events.ts";
import { replayFile } from "./replay.ts";
import { named } from "./settle.ts";

/** What is needed to answer requests for files to be loaded again. */
interface ReplayParts {
  layout: Layout;
  storage: Pick<Storage, "ledger">;
  emit: Emit;
}

/**
 * Puts the files back into the queue for which an operator asked at the dashboard. A request that
 * cannot be met is told and dropped; when storage fails, it stays for the next look.
 */
export async function answerReplayRequests(
  { layout, storage, emit }: ReplayParts,
  now: number,
): Promise<void> {
  for (const id of await replayRequests(layout)) {
    const record = await storage.ledger.get(id);
    try {
      if (record) {
        await replayFile(record, layout, storage, now);
        emit({ kind: "file.replayed", ...named(record) });
      }
    } catch (error) {
      if (!(error instanceof Failure) || error.kind === "storage") throw error;
      const path = `replay of ${id}`;
      emit({ kind: "staging.problem", path, error: messageOf(error) });
    }
    await dropReplayRequest(layout, id);
  }
}
