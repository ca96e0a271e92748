import { join } from "node:path";
import { ensureFolder, listFolder, removeIfThere, writeDurably } from "../data/durable.ts";
import { isFileId } from "../data/file_id.ts";
import type { Layout } from "../data/layout.ts";

/**
 * The ledger has one writer, `manage`. Who else wants a file loaded again leaves its id in
 * `staging/.replay/`, where the watch on staging sees it at once; a scan finds it in any case.
 */
function folderOf(layout: Layout): string {
  return join(layout.shelf("staging"), ".replay");
}

/** Asks for a file to be loaded again. Twice is once. */
export async function requestReplay(layout: Layout, id: string): Promise<void> {
  await ensureFolder(folderOf(layout));
  await writeDurably(join(folderOf(layout), checked(id)), "");
}

/** The ids of the files for which it was asked and that nobody has taken up. */
export async function replayRequests(layout: Layout): Promise<Set<string>> {
  const entries = await listFolder(folderOf(layout));
  return new Set(entries.map(({ name }) => name).filter(isFileId));
}

/** Takes a request away, once it has been answered. */
export async function dropReplayRequest(layout: Layout, id: string): Promise<void> {
  await removeIfThere(join(folderOf(layout), checked(id)));
}

function checked(id: string): string {
  if (isFileId(id)) return id;
  throw new TypeError(`Not the id of a file: ${JSON.stringify(id)}`);
}
