import { Failure } from "../../base/failure.ts";
import { orNull } from "../../data/durable.ts";
import { type Layout, SHELVES } from "../../data/layout.ts";
import type { AppHandler } from "../http/env.ts";
import { type FileSources, ownFile } from "./files.ts";

/** `GET /v1/files/:id/content`: the caller's file as it was sent, for as long as it is kept. */
export function downloadFile(sources: FileSources, layout: Layout): AppHandler {
  return async (c) => {
    const { id, name, size } = await ownFile(c, sources);
    const file = await open(layout, c.get("tenant"), id);
    if (!file) throw gone(name);
    return c.body(file.readable, 200, {
      "Content-Type": "application/octet-stream",
      "Content-Length": String(size),
      "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
      // It is what a customer sent: never to be shown as a page of this server.
      "Content-Security-Policy": "sandbox",
    });
  };
}

async function open(layout: Layout, tenant: string, id: string): Promise<Deno.FsFile | null> {
  for (const shelf of SHELVES) {
    const file = await orNull(Deno.open(layout.file(shelf, tenant, id)));
    if (file) return file;
  }
  return null;
}

function gone(name: string): Failure {
  return new Failure("refused", "file-not-found", `Cannot send "${name}": it is no longer kept`, {
    hint: "The archive keeps files only for a time.",
  });
}
