import { Failure } from "../base/failure.ts";
import {
  fsyncFolder,
  listFolder,
  listReadable,
  removeIfThere,
  statIfThere,
} from "../data/durable.ts";
import { isFileId, timeOfId } from "../data/file_id.ts";
import { FILE_FOLDERS, type FileFolder, type Layout, tenantsIn } from "../data/layout.ts";
import { type QuarantineReason, readSidecar, type StagedFile, writeSidecar } from "./sidecar.ts";

/**
 * The names of a tenant's files in staging: ids, and names of files that are not adopted yet. None of a
 * folder that cannot be read: the scan reports it, and it must not hide those of other tenants.
 */
async function fileNames(layout: Layout, tenant: string): Promise<string[]> {
  const entries = await listReadable(layout.tenantFolder("staging", tenant));
  return entries.filter(({ name, isFile }) => isFile && !name.startsWith("."))
    .map(({ name }) => name);
}

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

/** The files in a folder, tenant by tenant. */
export async function* filesIn(
  layout: Layout,
  folder: FileFolder,
): AsyncGenerator<{ tenant: string; id: string }> {
  for (const tenant of await tenantsIn(layout, folder)) {
    for (const { name: id } of await listFolder(layout.tenantFolder(folder, tenant))) {
      if (isFileId(id)) yield { tenant, id };
    }
  }
}

/** Moves a loaded file to the archive. Can be repeated. */
export function archiveFile(layout: Layout, file: StagedFile): Promise<void> {
  return moveFile(layout, file, "archive");
}

/** Moves a file that could not be loaded to quarantine, with the reason beside it. Can be repeated. */
export function quarantineFile(
  layout: Layout,
  file: StagedFile,
  reason: QuarantineReason,
): Promise<void> {
  return moveFile(layout, file, "quarantine", reason);
}

/**
 * Moves a file from the archive or from quarantine back to staging, to be loaded again.
 *
 * @param file written beside the bytes if their own record is missing or damaged
 * @throws {Failure} `file-not-found` when its bytes are gone
 */
export function restoreFile(layout: Layout, file: StagedFile): Promise<void> {
  return moveFile(layout, file, "staging");
}

/** Removes a file, its bytes first: a record without bytes is ignored. */
export async function dropFile(
  layout: Layout,
  folder: FileFolder,
  tenant: string,
  id: string,
): Promise<void> {
  await removeIfThere(layout.file(folder, tenant, id));
  await removeIfThere(layout.sidecar(folder, tenant, id));
}

/** A file that moves while it is being looked for is found at the next look. */
const LOOKS = 3;

/**
 * The folder with a finished file's bytes; null when they have been removed.
 * @param size in bytes; files of any other size are ignored
 */
export async function folderOf(
  layout: Layout,
  tenant: string,
  id: string,
  size?: number,
): Promise<FileFolder | null> {
  for (let look = 0; look < LOOKS; look++) {
    for (const folder of FILE_FOLDERS) {
      const stat = await statIfThere(layout.file(folder, tenant, id));
      if (stat?.isFile && (size === undefined || stat.size === size)) return folder;
    }
  }
  return null;
}

/** Writes the new record first and removes the old one last: bytes without a record are adopted. */
async function moveFile(
  layout: Layout,
  file: StagedFile,
  to: FileFolder,
  reason?: QuarantineReason,
): Promise<void> {
  const { tenant, id } = file;
  const from = await folderOf(layout, tenant, id);
  if (!from) throw fileNotFound(id);
  // The record beside the bytes has more than the ledger's, such as the trace.
  await writeSidecar(layout, to, await readSidecar(layout, from, tenant, id) ?? file, reason);
  if (from !== to) {
    await Deno.rename(layout.file(from, tenant, id), layout.file(to, tenant, id));
    await fsyncFolder(layout.tenantFolder(to, tenant));
    await fsyncFolder(layout.tenantFolder(from, tenant));
  }
  for (const folder of FILE_FOLDERS) {
    if (folder !== to) await removeIfThere(layout.sidecar(folder, tenant, id));
  }
}

function fileNotFound(id: string): Failure {
  return new Failure("usage", "file-not-found", `Cannot find file "${id}": its bytes are gone`, {
    hint: "Check the id. Files are removed from the archive after manage.archive_days.",
  });
}
