import { randomUUID } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { Failure } from "../base/failure.ts";
import { fsyncFolder, listFolder, orNull, TEMPORARY_SUFFIX } from "../data/durable.ts";
import { Layout, prepareData } from "../data/layout.ts";
import { copyDurably } from "./copy.ts";
import { databaseFault } from "./database_fault.ts";
import { refuseNewer } from "../data/version.ts";
import { type BackedUpFile, type Manifest, readManifest } from "./manifest.ts";
import { reconcile } from "./reconcile.ts";

/**
 * Restores a backup into a data directory. Every file is checked against the backup's manifest
 * before the directory appears.
 *
 * @throws {Failure} `data-not-empty`, `not-a-backup`, `data-too-new`, `backup-damaged`
 */
export async function restore(dir: string, layout: Layout): Promise<Manifest> {
  await checkEmpty(layout.root);
  const source = resolve(dir);
  const manifest = await readManifest(source);
  refuseNewer(source, manifest.dataVersion);
  const part = `${layout.root}.${randomUUID()}${TEMPORARY_SUFFIX}`;
  await Deno.mkdir(part, { recursive: true, mode: 0o700 });
  try {
    for (const file of manifest.files) await copyFile(source, part, file);
    await reconcile(new Layout(part));
    await Deno.rename(part, layout.root);
    await fsyncFolder(dirname(layout.root));
  } catch (error) {
    await Deno.remove(part, { recursive: true });
    throw error;
  }
  await prepareData(layout);
  return manifest;
}

async function checkEmpty(root: string): Promise<void> {
  if ((await listFolder(root)).length === 0) return;
  throw new Failure("usage", "data-not-empty", `Cannot restore into "${root}": it is not empty`, {
    hint: "Move it away first, or choose another --data.",
  });
}

async function copyFile(source: string, part: string, file: BackedUpFile): Promise<void> {
  const copy = join(part, file.path);
  if (file.link !== undefined) {
    await Deno.mkdir(dirname(copy), { recursive: true, mode: 0o700 });
    return await Deno.symlink(file.link, copy);
  }
  const copied = await orNull(copyDurably(join(source, file.path), copy));
  if (copied === null) throw damaged(source, file.path, "it is missing");
  if (copied.size !== file.size || (file.sha256 !== null && copied.sha256 !== file.sha256)) {
    throw damaged(source, file.path, "its size or SHA-256 does not match the manifest");
  }
  if (file.path.endsWith(".sqlite") && databaseFault(copy, { readOnly: true }) !== null) {
    throw damaged(source, file.path, "the database is damaged");
  }
}

function damaged(source: string, path: string, state: string): Failure {
  const text = `Cannot restore "${path}" from "${source}": ${state}`;
  return new Failure("storage", "backup-damaged", text, {
    hint: "Use another backup. Nothing was restored.",
  });
}
