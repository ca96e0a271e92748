import { closing } from "../base/closing.ts";
import { UploadReceipts } from "../staging/upload_receipts.ts";
import { statIfThere } from "../data/durable.ts";
import { FILE_FOLDERS, type FileFolder, type Layout } from "../data/layout.ts";
import { bringSidecar, type StagedFile } from "../staging/sidecar.ts";
import { filesIn, restoreFile } from "../staging/staged.ts";
import { openLedgerReader } from "../storage/sqlite/ledger_reader.ts";

/**
 * Makes a restored data directory consistent, as its parts were copied one after another while the
 * services ran. Each file gets its record and its upload receipt, so that it is not received twice. A
 * file that is not in the ledger returns to staging and is loaded again; it replaces its own rows.
 *
 * @example
 * ```ts ignore
 * import { Layout } from "../data/layout.ts";
 * import { reconcile } from "./reconcile.ts";
 * await reconcile(new Layout("./restored"));
 * ```
 */
export async function reconcile(layout: Layout): Promise<void> {
  const found = await filesOf(layout);
  if (found.length === 0) return;
  using receipts = UploadReceipts.open(layout.receipts);
  for (const { file } of found) receipts.insert({ ...file, uploadId: file.id });
  // With Cassandra the ledger is in the cluster, not in the backup.
  if (!await statIfThere(layout.ledger)) return;
  await using ledger = closing(openLedgerReader(layout.ledger));
  for (const { file, folder } of found) {
    const isKnown = folder === "staging" || await ledger.get(file.id);
    if (!isKnown) await restoreFile(layout, file);
  }
}

/** Each file once, in the first folder that contains it: a backup may have copied it from two. */
async function filesOf(layout: Layout): Promise<{ file: StagedFile; folder: FileFolder }[]> {
  const found = new Map<string, { file: StagedFile; folder: FileFolder }>();
  for (const folder of FILE_FOLDERS) {
    for await (const { tenant, id } of filesIn(layout, folder)) {
      if (found.has(id)) continue;
      const file = await bringSidecar(layout, folder, tenant, id);
      if (file) found.set(id, { file, folder });
    }
  }
  return [...found.values()];
}
