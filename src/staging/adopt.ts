import { createHash } from "node:crypto";
import { join } from "node:path";
import { sha256OfFile } from "../base/read_file.ts";
import { normalizeFileName } from "../protocol/file_names.ts";
import { fsyncFile, fsyncFolder } from "../data/durable.ts";
import { fileIdOf } from "../data/file_id.ts";
import type { Layout } from "../data/layout.ts";
import { type StagedFile, writeSidecar } from "./sidecar.ts";

/**
 * Gives an id and a record to a file that somebody moved into `staging/<tenant>/`. The id is derived
 * from the file, so a second try after a crash gives the same one.
 *
 * @param fileName its name in the tenant's folder
 */
export async function adoptFile(
  layout: Layout,
  tenant: string,
  fileName: string,
  stat: Deno.FileInfo,
): Promise<StagedFile> {
  const folder = layout.tenantFolder("staging", tenant);
  const path = join(folder, fileName);
  const arrivedAt = arrivalOf(stat);
  const seed = JSON.stringify([tenant, fileName, stat.ino, arrivedAt, stat.size]);
  const file: StagedFile = {
    id: fileIdOf(arrivedAt, createHash("sha256").update(seed).digest()),
    tenant,
    name: printableName(fileName),
    version: 1,
    size: stat.size,
    sha256: await sha256OfFile(path),
    batch: null,
    receivedAt: arrivedAt,
  };
  await fsyncFile(path);
  await writeSidecar(layout, "staging", file);
  await Deno.rename(path, layout.file("staging", tenant, file.id));
  await fsyncFolder(folder);
  return file;
}

/** When a file appeared in its folder: a rename keeps mtime and sets ctime. */
export function arrivalOf(stat: Deno.FileInfo): number {
  return Math.max(stat.mtime?.getTime() ?? 0, stat.ctime?.getTime() ?? 0);
}

/** A name that is safe in logs and lists: the file's own when it is valid. */
function printableName(name: string): string {
  try {
    return normalizeFileName(name);
  } catch {
    // The server never creates such names, but anyone with write access to the folder can.
    return encodeURIComponent(name.toWellFormed()).slice(0, 200);
  }
}
