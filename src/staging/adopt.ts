import { createHash } from "node:crypto";
import { sha256OfFile } from "../base/read_file.ts";
import { normalizeFileName } from "../protocol/file_names.ts";
import type { StagedFile } from "./contract.ts";
import { fsyncFile, fsyncFolder } from "../data/durable.ts";
import { fileIdOf } from "../data/file_id.ts";
import type { Layout } from "../data/layout.ts";
import { writeSidecar } from "./sidecar.ts";

/**
 * Takes in a file that was put into `staging/<tenant>/` by hand: it gets an id and a record. The id
 * follows from the file, so that a second try after a crash ends in the same place.
 *
 * @param fileName what it is called in the tenant's folder
 */
export async function adoptFile(
  layout: Layout,
  tenant: string,
  fileName: string,
  stat: Deno.FileInfo,
): Promise<StagedFile> {
  const folder = layout.tenantShelf("staging", tenant);
  const path = `${folder}/${fileName}`;
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

/** When a file came to lie where it is: a rename keeps mtime and sets ctime. */
export function arrivalOf(stat: Deno.FileInfo): number {
  return Math.max(stat.mtime?.getTime() ?? 0, stat.ctime?.getTime() ?? 0);
}

/** A name that can stand in logs and lists: the file's own where it is a good one. */
function printableName(name: string): string {
  try {
    return normalizeFileName(name);
  } catch {
    // The server never makes such names; whoever can write here could.
    return encodeURIComponent(name.toWellFormed()).slice(0, 200);
  }
}
