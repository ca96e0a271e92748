import { Failure } from "../../base/failure.ts";
import { orNull } from "../../data/durable.ts";
import { FILE_FOLDERS, type Layout } from "../../data/layout.ts";
import type { FileView } from "../../protocol/file_view.ts";
import type { AppContext } from "../http/env.ts";

/** Sends the bytes of the caller's file. @throws {Failure} `file-not-found` */
export async function sendFile(
  c: AppContext,
  layout: Layout,
  { id, name, size }: FileView,
): Promise<Response> {
  const file = await open(layout, c.get("tenant"), id);
  if (!file) throw gone(name);
  return c.body(file.readable, 200, {
    "Content-Type": "application/octet-stream",
    "Content-Length": String(size),
    "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
    // A customer's file must never run as a page of this server.
    "Content-Security-Policy": "sandbox",
  });
}

async function open(layout: Layout, tenant: string, id: string): Promise<Deno.FsFile | null> {
  for (const folder of FILE_FOLDERS) {
    const file = await orNull(Deno.open(layout.file(folder, tenant, id)));
    if (file) return file;
  }
  return null;
}

function gone(name: string): Failure {
  return new Failure("refused", "file-not-found", `Cannot send "${name}": it is no longer kept`, {
    hint: "Ask the operator: files are kept for manage.archive_days.",
  });
}
