import { listFolder } from "../data/durable.ts";
import { isFileId, timeOfId } from "../data/file_id.ts";
import { isTenantName } from "../base/tenant_name.ts";
import type { Layout } from "../data/layout.ts";

/** A tenant's files in staging: they wait, or are being loaded. */
export interface Waiting {
  files: number;
  /** When the oldest arrived, in milliseconds since the epoch; null where it cannot be told. */
  oldestAt: number | null;
}

/** The queue by tenant, as it lies on the disk: no ledger has to be asked. */
export async function waitingFiles(layout: Layout): Promise<Map<string, Waiting>> {
  const found = new Map<string, Waiting>();
  for (const folder of await listFolder(layout.shelf("staging"))) {
    if (!folder.isDirectory || !isTenantName(folder.name)) continue;
    const entries = await listFolder(layout.tenantShelf("staging", folder.name));
    const names = entries.filter(({ name, isFile }) => isFile && !name.startsWith("."))
      .map(({ name }) => name);
    if (names.length === 0) continue;
    // Ids grow with time. Other names were put there by hand a moment ago.
    const oldest = names.filter(isFileId).sort()[0];
    const oldestAt = oldest === undefined ? null : timeOfId(oldest);
    found.set(folder.name, { files: names.length, oldestAt });
  }
  return found;
}
