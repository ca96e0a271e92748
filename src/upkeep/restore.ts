import { randomUUID } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { giveTo, keepLinkOwner, makeFolders } from "../base/owner.ts";
import { diskCauseOf } from "../base/disk.ts";
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
  const { root } = layout;
  const target = await orNull(Deno.stat(root));
  const parent = await orNull(Deno.stat(dirname(root)));
  // A mounted disk cannot be replaced by a rename, so its content is moved into it.
  const isMounted = target !== null && parent !== null && target.dev !== parent.dev;
  const name = `${randomUUID()}${TEMPORARY_SUFFIX}`;
  const part = isMounted ? join(root, `.restore-${name}`) : `${root}.${name}`;
  makeFolders(part);
  try {
    if (target !== null) giveTo(part, target);
    for (const file of manifest.files) await copyFile(source, part, file);
    await reconcile(new Layout(part));
    if (isMounted) await moveContent(part, root);
    else await Deno.rename(part, root);
    await fsyncFolder(dirname(root));
  } catch (error) {
    await Deno.remove(part, { recursive: true });
    if (diskCauseOf(error) === null) throw error;
    const text = `Cannot restore into "${layout.root}": the disk is full`;
    throw new Failure("storage", "restore-no-room", text, {
      hint: "Free space on the disk, or choose another --data. Nothing was restored.",
      cause: error,
    });
  }
  prepareData(layout);
  return manifest;
}

/** The version last: without it, what is there is no data directory. */
async function moveContent(part: string, root: string): Promise<void> {
  const names = (await listFolder(part)).map(({ name }) => name);
  for (const name of names.sort((a, b) => Number(a === "version") - Number(b === "version"))) {
    await Deno.rename(join(part, name), join(root, name));
  }
  await Deno.remove(part);
  await fsyncFolder(root);
}

async function checkEmpty(root: string): Promise<void> {
  if ((await listFolder(root)).every(({ name }) => name === "lost+found")) return;
  throw new Failure("usage", "data-not-empty", `Cannot restore into "${root}": it is not empty`, {
    hint: "Move it away first, or choose another --data.",
  });
}

async function copyFile(source: string, part: string, file: BackedUpFile): Promise<void> {
  const copy = join(part, file.path);
  if (file.link !== undefined) {
    makeFolders(dirname(copy));
    await Deno.symlink(file.link, copy);
    return await keepLinkOwner(copy);
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
