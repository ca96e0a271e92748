import { Failure } from "../base/failure.ts";
import { type Layout } from "../data/layout.ts";
import { folderOf, restoreFile } from "../staging/staged.ts";
import type { FileRecord, Storage } from "../storage/contract.ts";
import { transition } from "./ledger.ts";

/**
 * Puts a file that has come to its end back into the queue, to be loaded with the module that is
 * current then. Its rows have the same keys as before, so they take their own places.
 *
 * @throws {Failure} `file-not-found` when the bytes are gone, `illegal-transition` when it is still under way
 */
export async function replayFile(
  record: FileRecord,
  layout: Layout,
  storage: Pick<Storage, "ledger">,
  now = Date.now(),
): Promise<void> {
  const folder = await folderOf(layout, record.tenant, record.id);
  if (folder === null) {
    throw new Failure(
      "usage",
      "file-not-found",
      `Cannot replay "${record.name}": its bytes are gone`,
      {
        hint:
          "The archive keeps files only for a time; ask the customer to send it under another name.",
      },
    );
  }
  // Queued with its bytes elsewhere: an earlier replay that ended half-way.
  if (record.state !== "queued" || folder === "staging") {
    const queued = transition(record, { type: "replay" }, now);
    // The ledger first: a running manage would tidy a finished file out of staging again.
    await storage.ledger.update(queued, record.state);
  }
  await restoreFile(layout, record.tenant, record.id);
}
