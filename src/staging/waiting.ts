import { isFileId, timeOfId } from "../data/file_id.ts";
import { type Layout, tenantsIn } from "../data/layout.ts";
import { fileNames } from "./staged.ts";

/** A tenant's files in staging: waiting or being loaded. */
export interface Waiting {
  files: number;
  /** When the oldest arrived, in milliseconds since the epoch; null when unknown. */
  oldestAt: number | null;
}

/** The queue by tenant, read from the disk without the ledger. */
export async function waitingFiles(layout: Layout): Promise<Map<string, Waiting>> {
  const found = new Map<string, Waiting>();
  for (const tenant of await tenantsIn(layout, "staging")) {
    const names = await fileNames(layout, tenant);
    if (names.length === 0) continue;
    // Ids grow with time; names that are not ids belong to files that are not adopted yet.
    const oldest = names.filter(isFileId).sort()[0];
    const oldestAt = oldest === undefined ? null : timeOfId(oldest);
    found.set(tenant, { files: names.length, oldestAt });
  }
  return found;
}
