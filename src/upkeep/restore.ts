import { randomUUID } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../base/failure.ts";
import { fsyncFolder, listFolder, orNull, TEMPORARY_SUFFIX } from "../data/durable.ts";
import { Layout, prepareData } from "../data/layout.ts";
import { copyDurably } from "./copy.ts";
import { refuseNewer } from "../data/version.ts";
import { type BackedUpFile, type Manifest, readManifest } from "./manifest.ts";
import { reconcile } from "./reconcile.ts";

/**
 * Makes a data directory of a backup. Every file is checked against what the backup says of it before
 * anything appears in the directory's place.
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
    for (const file of manifest.files) await restoreFile(source, part, file);
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
    hint: "Move it away first, or name another --data.",
  });
}

async function restoreFile(source: string, part: string, file: BackedUpFile): Promise<void> {
  const copy = join(part, file.path);
  if (file.link !== undefined) {
    await Deno.mkdir(dirname(copy), { recursive: true, mode: 0o700 });
    return await Deno.symlink(file.link, copy);
  }
  const copied = await orNull(copyDurably(join(source, file.path), copy));
  if (copied === null) throw damaged(source, file.path, "it is missing");
  if (copied.size !== file.size || (file.sha256 !== null && copied.sha256 !== file.sha256)) {
    throw damaged(source, file.path, "it is not what was backed up");
  }
  if (file.path.endsWith(".sqlite") && !isSound(copy)) {
    throw damaged(source, file.path, "the database is not sound");
  }
}

/** Opened to be read alone, so that nothing appears beside it. */
function isSound(path: string): boolean {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return Object.values(db.prepare("PRAGMA quick_check(1)").get() ?? {})[0] === "ok";
  } finally {
    db.close();
  }
}

function damaged(source: string, path: string, state: string): Failure {
  return new Failure(
    "storage",
    "backup-damaged",
    `Cannot restore "${path}" of "${source}": ${state}`,
    {
      hint: "Take another backup; nothing was restored.",
    },
  );
}
