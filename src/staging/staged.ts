import { Failure } from "../base/failure.ts";
import { adoptFile, arrivalOf } from "./adopt.ts";
import type { StagedFile } from "./contract.ts";
import { fsyncFolder, listFolder, orNull, removeIfThere, statIfThere } from "../data/durable.ts";
import { isFileId } from "../data/file_id.ts";
import { isTenantName } from "../base/tenant_name.ts";
import { type Layout, type Shelf, SHELVES } from "../data/layout.ts";
import { type QuarantineReason, readSidecar, writeSidecar } from "./sidecar.ts";

/** Milliseconds for which a file put into staging by hand must have been at rest. */
export const SETTLE_MS = 1_000;

/** How staging is looked through. */
interface ScanOptions {
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
  /** Milliseconds for which a file put there by hand must have been at rest. @default SETTLE_MS */
  settleMs?: number;
  /** Files that the caller knows already: they are not read again and not returned. */
  isKnown?: (tenant: string, id: string) => boolean;
  /** Told of a file put there by hand that has not been at rest for long enough. */
  onUnsettled?: () => void;
  /** Told of a file that cannot be adopted, such as an unreadable one; the others go on. */
  onProblem?: (path: string, error: unknown) => void;
}

/**
 * Finds the finished files of all tenants, in the order of arrival. A file that was put there by
 * hand is adopted once it is at rest (it should be moved in by a rename, not copied). Dot files,
 * folders, symbolic links and folders that are not a tenant's are ignored.
 *
 * @example
 * ```ts
 * import { Layout } from "../data/layout.ts";
 * import { scanStaging } from "./staged.ts";
 * for (const file of await scanStaging(new Layout("./mysimbdp-data"))) console.log(file.name);
 * ```
 */
export async function scanStaging(
  layout: Layout,
  options: ScanOptions = {},
): Promise<StagedFile[]> {
  const found: StagedFile[] = [];
  for (const tenant of await listFolder(layout.shelf("staging"))) {
    if (!tenant.isDirectory || !isTenantName(tenant.name)) continue;
    for (const entry of await listFolder(layout.tenantShelf("staging", tenant.name))) {
      if (!entry.isFile || entry.name.startsWith(".")) continue;
      if (options.isKnown?.(tenant.name, entry.name)) continue;
      const file = await stagedFile(layout, tenant.name, entry.name, options);
      if (file) found.push(file);
    }
  }
  return found.sort((a, b) => a.receivedAt - b.receivedAt || (a.id < b.id ? -1 : 1));
}

/** Moves an ingested file out of staging. Doing it twice is doing it once. */
export function archiveFile(layout: Layout, file: StagedFile): Promise<void> {
  return moveFile(layout, file, "archive");
}

/** Moves a file that could not be ingested out of staging, and says why beside it. */
export function quarantineFile(
  layout: Layout,
  file: StagedFile,
  why: QuarantineReason,
): Promise<void> {
  return moveFile(layout, file, "quarantine", why);
}

/**
 * Moves a file back into staging, from the archive or from quarantine, to be ingested again.
 * @throws {Failure} `file-not-found` when its bytes are nowhere any more
 */
export async function restoreFile(layout: Layout, tenant: string, id: string): Promise<StagedFile> {
  for (const shelf of SHELVES) {
    const file = await readSidecar(layout, shelf, tenant, id);
    if (!file) continue;
    await moveFile(layout, file, "staging");
    return file;
  }
  throw fileNotFound(id);
}

/** Where a finished file's bytes lie; null when they are nowhere any more. */
export async function shelfOf(layout: Layout, tenant: string, id: string): Promise<Shelf | null> {
  for (const shelf of SHELVES) {
    if (await statIfThere(layout.file(shelf, tenant, id))) return shelf;
  }
  return null;
}

/**
 * The record goes first and its old copy last: bytes without a record beside them would look as if
 * they had been put there by hand.
 */
async function moveFile(
  layout: Layout,
  file: StagedFile,
  to: Shelf,
  why?: QuarantineReason,
): Promise<void> {
  const { tenant, id } = file;
  const from = await shelfOf(layout, tenant, id);
  if (!from) throw fileNotFound(id);
  // The record beside the file knows more than the ledger does, such as its trace.
  await writeSidecar(layout, to, await readSidecar(layout, from, tenant, id) ?? file, why);
  if (from !== to) {
    await Deno.rename(layout.file(from, tenant, id), layout.file(to, tenant, id));
    await fsyncFolder(layout.tenantShelf(to, tenant));
    await fsyncFolder(layout.tenantShelf(from, tenant));
  }
  for (const shelf of SHELVES) {
    if (shelf !== to) await removeIfThere(layout.sidecar(shelf, tenant, id));
  }
}

async function stagedFile(
  layout: Layout,
  tenant: string,
  fileName: string,
  options: ScanOptions,
): Promise<StagedFile | null> {
  const recorded = isFileId(fileName)
    ? await readSidecar(layout, "staging", tenant, fileName)
    : null;
  if (recorded) return recorded;
  const path = `${layout.tenantShelf("staging", tenant)}/${fileName}`;
  const stat = await statIfThere(path);
  const now = (options.now ?? Date.now)();
  if (!stat?.isFile) return null;
  if (now - arrivalOf(stat) < (options.settleMs ?? SETTLE_MS)) {
    options.onUnsettled?.();
    return null;
  }
  try {
    // It may have been moved away since it was listed.
    return await orNull(adoptFile(layout, tenant, fileName, stat));
  } catch (error) {
    options.onProblem?.(path, error);
    return null;
  }
}

function fileNotFound(id: string): Failure {
  return new Failure("usage", "file-not-found", `Cannot find file "${id}": its bytes are gone`, {
    hint: "It was removed from the archive, or the id is another's.",
  });
}
