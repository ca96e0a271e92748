import { join } from "node:path";
import { z } from "zod";
import {
  ensureFolder,
  listFolder,
  readJson,
  removeIfThere,
  writeDurably,
} from "../data/durable.ts";
import { isFileId } from "../data/file_id.ts";
import type { Layout } from "../data/layout.ts";
import { replaySchema } from "../protocol/replay.ts";

const requestSchema = replaySchema.pick({ order: true, at: true }).partial();
/** A requested replay. Earlier versions requested it without an order and a time. */
export type ReplayRequest = z.infer<typeof requestSchema>;

/**
 * Only `manage` writes the ledger. Other processes request a replay with a file in this folder: the
 * watch on staging notices it at once, and every scan reads it.
 */
function requestFolder(layout: Layout): string {
  return join(layout.folder("staging"), ".replay");
}

/** Requests that a file is loaded again. Of several requests for a file the last one counts. */
export async function requestReplay(
  layout: Layout,
  id: string,
  request: Required<ReplayRequest>,
): Promise<void> {
  await ensureFolder(requestFolder(layout));
  await writeDurably(join(requestFolder(layout), checked(id)), JSON.stringify(request));
}

/** The open requests by the id of their file. */
export async function replayRequests(layout: Layout): Promise<Map<string, ReplayRequest>> {
  const requests = new Map<string, ReplayRequest>();
  for (const { name: id } of await listFolder(requestFolder(layout))) {
    if (!isFileId(id)) continue;
    const found = await readJson(join(requestFolder(layout), id));
    requests.set(id, requestSchema.safeParse(found).data ?? {});
  }
  return requests;
}

/** Removes a request that has been answered. */
export async function dropReplayRequest(layout: Layout, id: string): Promise<void> {
  await removeIfThere(join(requestFolder(layout), checked(id)));
}

function checked(id: string): string {
  if (isFileId(id)) return id;
  throw new TypeError(`Not the id of a file: ${JSON.stringify(id)}`);
}
