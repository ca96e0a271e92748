import { z } from "zod";
import { rowCountsSchema } from "../protocol/file_view.ts";
import type { StagedFile } from "./contract.ts";
import { ensureFolder, orNull, writeDurably } from "../data/durable.ts";
import { type Layout, type Shelf, SHELVES } from "../data/layout.ts";

const stagedFileSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  name: z.string(),
  version: z.int().positive(),
  size: z.int().nonnegative(),
  sha256: z.string(),
  batch: z.string().nullable(),
  receivedAt: z.number(),
  traceparent: z.string().optional(),
});

/** Why a file lies in quarantine; written beside it for the operator. */
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
 * @returns null where there is none, or where it is not one of ours: it must name the id and the
 * tenant under which it lies
 */
export async function readSidecar(
  layout: Layout,
  shelf: Shelf,
  tenant: string,
  id: string,
): Promise<StagedFile | null> {
  const text = await orNull(Deno.readTextFile(layout.sidecar(shelf, tenant, id)));
  if (text === null) return null;
  const parsed = stagedFileSchema.safeParse(parseJson(text));
  if (!parsed.success || parsed.data.id !== id || parsed.data.tenant !== tenant) return null;
  return parsed.data;
}

/** Writes the record durably; in quarantine together with the reason. */
export async function writeSidecar(
  layout: Layout,
  shelf: Shelf,
  file: StagedFile,
  reason?: QuarantineReason,
): Promise<void> {
  await ensureFolder(layout.tenantShelf(shelf, file.tenant));
  const record = { ...stagedFileSchema.parse(file), ...(reason && { reason }) };
  await writeDurably(
    layout.sidecar(shelf, file.tenant, file.id),
    JSON.stringify(record, null, shelf === "quarantine" ? 2 : undefined),
  );
}

/** The record of a finished file, wherever the file has got to by now; null where it is nowhere. */
export async function findSidecar(
  layout: Layout,
  tenant: string,
  id: string,
): Promise<StagedFile | null> {
  // Files move along this order, so that one on the move is met at the next place.
  for (const shelf of SHELVES) {
    const found = await readSidecar(layout, shelf, tenant, id);
    if (found && await orNull(Deno.lstat(layout.file(shelf, tenant, id)))) return found;
  }
  return null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
