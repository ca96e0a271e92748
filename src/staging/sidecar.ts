import { z } from "zod";
import { receivedFileSchema, rowCountsSchema } from "../protocol/file_view.ts";
import { ensureFolder, readJson, statIfThere, writeDurably } from "../data/durable.ts";
import { FILE_FOLDERS, type FileFolder, type Layout } from "../data/layout.ts";

const stagedFileSchema = receivedFileSchema.extend({
  /** The span in which it was sent; `manage` continues its trace. */
  traceparent: z.string().optional(),
});

/**
 * The record of a file that `serve` has handed over: the bytes are in `staging/<tenant>/<id>`, this
 * record in `staging/<tenant>/.<id>.json`. The record is durable before the bytes appear.
 */
export type StagedFile = z.infer<typeof stagedFileSchema>;

/** Why a file is in quarantine; written beside it for the operator. */
const quarantineReasonSchema = z.object({
  code: z.string(),
  message: z.string(),
  rows: rowCountsSchema,
  /** ISO 8601 in UTC. */
  quarantinedAt: z.string(),
});
export type QuarantineReason = z.infer<typeof quarantineReasonSchema>;

/**
 * Reads the record beside a finished file.
 *
 * @returns null when it is missing or invalid, or does not have the id and tenant of its path
 */
export async function readSidecar(
  layout: Layout,
  folder: FileFolder,
  tenant: string,
  id: string,
): Promise<StagedFile | null> {
  const parsed = stagedFileSchema.safeParse(await readJson(layout.sidecar(folder, tenant, id)));
  if (!parsed.success || parsed.data.id !== id || parsed.data.tenant !== tenant) return null;
  return parsed.data;
}

/** Writes the record durably; in quarantine with the reason. */
export async function writeSidecar(
  layout: Layout,
  folder: FileFolder,
  file: StagedFile,
  reason?: QuarantineReason,
): Promise<void> {
  await ensureFolder(layout.tenantFolder(folder, file.tenant));
  const record = { ...stagedFileSchema.parse(file), ...(reason && { reason }) };
  await writeDurably(
    layout.sidecar(folder, file.tenant, file.id),
    JSON.stringify(record, null, folder === "quarantine" ? 2 : undefined),
  );
}

/** The record of a finished file in any folder; null when its bytes are gone. */
export async function findSidecar(
  layout: Layout,
  tenant: string,
  id: string,
): Promise<StagedFile | null> {
  // Files move in this order, so a file that is being moved is found in the next folder.
  for (const folder of FILE_FOLDERS) {
    const found = await readSidecar(layout, folder, tenant, id);
    if (found && await statIfThere(layout.file(folder, tenant, id))) return found;
  }
  return null;
}

/** The record of a file with bytes in `folder`; one that is only in another folder is written beside them. */
export async function bringSidecar(
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
