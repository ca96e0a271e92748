import { join } from "node:path";
import { ensureFolder, listFolder, removeIfThere, writeDurably } from "../data/durable.ts";
import { isFileId } from "../data/file_id.ts";
import type { Layout } from "../data/layout.ts";

/**
 * Only the process that loads a file can end it. Others request that with a file in this folder, which
 * every `manage` on this staging reads.
 */
function requestFolder(layout: Layout): string {
  return join(layout.folder("staging"), ".cancel");
}

/** Requests that a file is not loaded. Can be repeated. */
export async function requestCancel(layout: Layout, id: string): Promise<void> {
  await ensureFolder(requestFolder(layout));
  await writeDurably(join(requestFolder(layout), checked(id)), "");
}

/** The ids of the files with an open request. */
export async function cancelRequests(layout: Layout): Promise<Set<string>> {
  const entries = await listFolder(requestFolder(layout));
  return new Set(entries.map(({ name }) => name).filter(isFileId));
}

/** Removes a request that has been answered. */
export async function dropCancelRequest(layout: Layout, id: string): Promise<void> {
  await removeIfThere(join(requestFolder(layout), checked(id)));
}

function checked(id: string): string {
  if (isFileId(id)) return id;
  throw new TypeError(`Not the id of a file: ${JSON.stringify(id)}`);
}
