import { listFolder, removeIfThere } from "../data/durable.ts";
import { isFileId } from "../data/file_id.ts";
import { isTenantName } from "../base/tenant_name.ts";
import type { Layout, Shelf } from "../data/layout.ts";

/** The files on a shelf, tenant by tenant. */
export async function* shelvedFiles(
  layout: Layout,
  shelf: Shelf,
): AsyncGenerator<{ tenant: string; id: string }> {
  for (const { name: tenant } of await listFolder(layout.shelf(shelf))) {
    if (!isTenantName(tenant)) continue;
    for (const { name: id } of await listFolder(layout.tenantShelf(shelf, tenant))) {
      if (isFileId(id)) yield { tenant, id };
    }
  }
}

/** Removes a file from a shelf; the bytes first, so that no record points at nothing for long. */
export async function dropFile(
  layout: Layout,
  shelf: Shelf,
  tenant: string,
  id: string,
): Promise<void> {
  await removeIfThere(layout.file(shelf, tenant, id));
  await removeIfThere(layout.sidecar(shelf, tenant, id));
}
