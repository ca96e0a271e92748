import { UploadReceipts } from "../staging/upload_receipts.ts";
import { statIfThere } from "../data/durable.ts";
import { FILE_FOLDERS, type FileFolder, type Layout } from "../data/layout.ts";
import { readSidecar, writeSidecar } from "../staging/sidecar.ts";
import { filesIn, restoreFile } from "../staging/staged.ts";
import type { StagedFile } from "../staging/contract.ts";
import { openLedgerReader } from "../storage/sqlite/ledger_reader.ts";

/**
 * Brings the parts of a copied data directory together, which were copied one after the other while
 * the services worked: each file that lies there has its record beside it and a receipt, so that it
 * is not taken a second time; one of which the ledger knows nothing goes back into staging, so that
 * it is loaded again, in place of the rows that it may have already.
 *
 * @example
 * ```ts
 * import { Layout } from "../data/layout.ts";
 * import { reconcile } from "./reconcile.ts";
 * const tidy = (dir: string) => reconcile(new Layout(dir));
 * ```
 */
export async function reconcile(layout: Layout): Promise<void> {
  const found = await filesOf(layout);
  if (found.length === 0) return;
  using receipts = UploadReceipts.open(layout.receipts);
  for (const { file } of found) receipts.insert({ ...file, uploadId: file.id });
  // With Cassandra the ledger is in the cluster, and a backup has none.
  if (!await statIfThere(layout.ledger)) return;
  const ledger = openLedgerReader(layout.ledger);
  try {
    for (const { file, folder } of found) {
      const isKnown = folder === "staging" || await ledger.get(file.id);
      if (!isKnown) await restoreFile(layout, file.tenant, file.id);
    }
  } finally {
    await ledger.close();
  }
}

/** Each file once, on the first folder that it lies on: a copy may have met it on two. */
async function filesOf(layout: Layout): Promise<{ file: StagedFile; folder: FileFolder }[]> {
  const found = new Map<string, { file: StagedFile; folder: FileFolder }>();
  for (const folder of FILE_FOLDERS) {
    for await (const { tenant, id } of filesIn(layout, folder)) {
      if (found.has(id)) continue;
      const file = await recordOf(layout, folder, tenant, id);
      if (file) found.set(id, { file, folder });
    }
  }
  return [...found.values()];
}

/** The record beside a file; one that was copied on another folder alone is put beside it. */
async function recordOf(
  layout: Layout,
  folder: FileFolder,
  tenant: string,
  id: string,
): Promise<StagedFile | null> {
  for (const place of [folder, ...FILE_FOLDERS]) {
    const file = await readSidecar(layout, place, tenant, id);
    if (!file) continue;
    if (place !== folder) await writeSidecar(layout, folder, file);
    return file;
  }
  return null;
}
