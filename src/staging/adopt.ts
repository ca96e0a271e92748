import { createHash } from "node:crypto";
import { join } from "node:path";
import { signatureOf } from "../base/file_signature.ts";
import { sha256OfFile } from "../base/read_file.ts";
import { normalizeFileName } from "../protocol/file_names.ts";
import { fsyncFile, fsyncFolder } from "../data/durable.ts";
import { fileIdOf } from "../data/file_id.ts";
import type { Layout } from "../data/layout.ts";
import { type StagedFile, writeSidecar } from "./sidecar.ts";

interface AdoptOptions {
  /** Milliseconds since the epoch: no file arrives later than now. */
  now: number;
  /** @default 1 */
  versionOf?: (tenant: string, name: string, sha256: string) => Promise<number>;
}

/**
 * Gives an id and a record to a file that somebody moved into `staging/<tenant>/`. The id is derived
 * from the file, so a second try after a crash gives the same one.
 *
 * @param found the file's name in the tenant's folder, and what it was like when it was listed
 * @returns null when it has changed since then
 */
export async function adoptFile(
  layout: Layout,
  { tenant, name: fileName, stat }: { tenant: string; name: string; stat: Deno.FileInfo },
  { now, versionOf }: AdoptOptions,
): Promise<StagedFile | null> {
  const folder = layout.tenantFolder("staging", tenant);
  const path = join(folder, fileName);
  const name = printableName(fileName);
  const sha256 = await sha256OfFile(path);
  await fsyncFile(path);
  if (signatureOf(await Deno.lstat(path)) !== signatureOf(stat)) return null;
  const receivedAt = arrivalOf(stat, now);
  const seed = JSON.stringify([tenant, fileName, signatureOf(stat)]);
  const file: StagedFile = {
    id: fileIdOf(receivedAt, createHash("sha256").update(seed).digest()),
    tenant,
    name,
    version: await versionOf?.(tenant, name, sha256) ?? 1,
    size: stat.size,
    sha256,
    batch: null,
    receivedAt,
  };
  await writeSidecar(layout, "staging", file);
  await Deno.rename(path, layout.file("staging", tenant, file.id));
  await fsyncFolder(folder);
  return file;
}

/**
 * When a file appeared in its folder. A rename sets ctime, which no program can choose, unlike mtime;
 * it is in the future only after the clock was set back. Deno reports ctime in whole seconds, so a file
 * written and moved within one second arrives at the millisecond of its mtime.
 */
function arrivalOf({ ctime, mtime }: Deno.FileInfo, now: number): number {
  const written = mtime?.getTime() ?? now;
  const changed = ctime?.getTime() ?? written;
  const isSameSecond = Math.floor(written / 1_000) === Math.floor(changed / 1_000);
  return Math.min(isSameSecond ? written : changed, now);
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
