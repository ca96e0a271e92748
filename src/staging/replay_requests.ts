import { join } from "node:path";
import { ensureFolder, listFolder, removeIfThere, writeDurably } from "../data/durable.ts";
import { isFileId } from "../data/file_id.ts";
import type { Layout } from "../data/layout.ts";

/**
 * Only `manage` writes the ledger. Other processes request a replay with a file in this folder: the
 * watch on staging notices it at once, and every scan reads it.
 */
function requestFolder(layout: Layout): string {
  return join(layout.folder("staging"), ".replay");
}

/** Requests that a file is loaded again. Can be repeated. */
export async function requestReplay(layout: Layout, id: string): Promise<void> {
  await ensureFolder(requestFolder(layout));
  await writeDurably(join(requestFolder(layout), checked(id)), "");
}

/** The ids of the files with an open request. */
export async function replayRequests(layout: Layout): Promise<Set<string>> {
  const entries = await listFolder(requestFolder(layout));
  return new Set(entries.map(({ name }) => name).filter(isFileId));
}

/** Removes a request that has been answered. */
export async function dropReplayRequest(layout: Layout, id: string): Promise<void> {
  await removeIfThere(join(requestFolder(layout), checked(id)));
}

function checked(id: string): string {
  if (isFileId(id)) return id;
  throw new TypeError(`Not the id of a file: ${JSON.stringify(id)}`);
}
