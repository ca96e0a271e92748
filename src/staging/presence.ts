import type { Layout } from "../data/layout.ts";
import type { ReceivedFile } from "../protocol/file_view.ts";
import { folderOf } from "./staged.ts";
import type { UploadReceipts } from "./upload_receipts.ts";

/** What the storage knows of the rows of a file. */
export interface LoadedRows {
  /**
   * Whether a load receipt proves that they are stored.
   * @throws {Failure} kind `storage`
   */
  areStored(tenant: string, fileId: string): Promise<boolean>;
  /**
   * Whether the file does not count any more: it was refused because its bytes are not those that were
   * received, or a later version has replaced its rows, or will.
   * @param hasLater whether a later version was received
   * @throws {Failure} kind `storage`
   */
  isOutdated(tenant: string, fileId: string, hasLater: boolean): Promise<boolean>;
  /**
   * The newest version of a name that the ledger knows, and the file with this content. Upload receipts
   * can be older than the ledger, if they were restored. Nothing while the ledger does not answer.
   */
  recorded(tenant: string, name: string, sha256: string): Promise<RecordedVersions>;
}

/** What the ledger knows of a name. */
export interface RecordedVersions {
  newest: ReceivedFile | null;
  same: ReceivedFile | null;
}

/** Without a storage only bytes count. */
export const NO_ROWS_KNOWN: LoadedRows = {
  areStored: () => Promise.resolve(false),
  isOutdated: () => Promise.resolve(false),
  recorded: () => Promise.resolve({ newest: null, same: null }),
};

export interface PresenceDeps {
  layout: Layout;
  rows: LoadedRows;
  receipts: UploadReceipts;
}

/** A file as its records mention it. */
export interface Mentioned {
  tenant: string;
  id: string;
  name: string;
  version: number;
  /** Bytes. */
  size: number;
}

/**
 * Whether the server has a file that its records mention: all its bytes, or its rows. Records alone
 * prove nothing, as files can be removed and disks restored.
 *
 * @throws {Failure} kind `storage` when the bytes are gone and the storage does not answer
 */
export async function isPresent(
  { layout, rows }: PresenceDeps,
  { tenant, id, size }: Mentioned,
): Promise<boolean> {
  return await folderOf(layout, tenant, id, size) !== null || await rows.areStored(tenant, id);
}

/**
 * Whether a file with this name and content need not be sent: the server has it undamaged, and no later
 * version takes its place, so that an earlier content can be sent again to undo a change.
 *
 * @throws {Failure} kind `storage`
 */
export async function isCurrent(deps: PresenceDeps, file: Mentioned): Promise<boolean> {
  const { tenant, id, name, version } = file;
  if (!await isPresent(deps, file)) return false;
  const hasLater = deps.receipts.nextVersion(tenant, name) - 1 > version;
  return !await deps.rows.isOutdated(tenant, id, hasLater);
}
