import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep as SEPARATOR } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { formatMib } from "../base/count.ts";
import { diskCauseOf, diskUse, RESERVE_BYTES } from "../base/disk.ts";
import { Failure } from "../base/failure.ts";
import { keepLinkOwner, makeFolders } from "../base/owner.ts";
import { VERSION } from "../base/version.ts";
import {
  fsyncFolder,
  listFolder,
  orNull,
  TEMPORARY_SUFFIX,
  writeDurably,
} from "../data/durable.ts";
import { isFileId } from "../data/file_id.ts";
import { FILE_FOLDERS, type FileFolder, type Layout } from "../data/layout.ts";
import { copyDurably, sealCopy } from "./copy.ts";
import { readDataVersion } from "../data/version.ts";
import { type BackedUpFile, MANIFEST, type Manifest } from "./manifest.ts";

interface BackupOptions {
  /** Create hard links to customers' files, which never change, instead of copies. @default false */
  link?: boolean;
  /** Milliseconds since the epoch. @default Date.now() */
  now?: number;
}

// Clients start unfinished uploads again; backups do not contain backups.
const EXCLUDED = new Set(["uploads", "backups"]);
const LOCK = /\.lock$/;

/**
 * Copies a data directory while the services run. The backup is consistent: it loses no acknowledged
 * file and no row of a file that is ingested.
 *
 * The order of the copies ensures this. A file is received, then put into staging, then into the
 * ledger; its rows are stored, the ledger is updated, and the file moves. The copies are the
 * receipts, the ledger, the folders in the order in which files move, and the rows last: all that an
 * earlier copy mentions is in a later one. `restore` handles what is only in a later one.
 *
 * @param dir a missing or empty folder
 * @throws {Failure} `backup-exists`, `backup-inside`, `backup-no-room`
 */
export async function backUp(
  layout: Layout,
  dir: string,
  { link = false, now = Date.now() }: BackupOptions = {},
): Promise<Manifest> {
  const target = resolve(dir);
  await checkTarget(layout, target, link);
  await requireRoom(layout, target, link);
  const part = `${target}.${randomUUID()}${TEMPORARY_SUFFIX}`;
  if (link) makeFolders(part);
  // The owner of the folder above is nobody who may read customers' data.
  else await Deno.mkdir(part, { recursive: true, mode: 0o700 });
  try {
    const files = await copyAll(layout, part, link);
    const manifest: Manifest = {
      program: VERSION,
      dataVersion: readDataVersion(layout) ?? 1,
      createdAt: new Date(now).toISOString(),
      files,
    };
    await writeDurably(join(part, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    await Deno.rename(part, target);
    await fsyncFolder(dirname(target));
    return manifest;
  } catch (error) {
    await Deno.remove(part, { recursive: true });
    throw diskCauseOf(error) === null ? error : noRoom(target, null, error);
  }
}

/** @throws {Failure} `backup-no-room` if the copies do not fit */
async function requireRoom(layout: Layout, target: string, link: boolean): Promise<void> {
  let bytes = 0;
  for await (const path of filesBelow(link ? layout.db : layout.root)) {
    const isCopied = link || !EXCLUDED.has(relative(layout.root, path).split(SEPARATOR)[0] ?? "");
    if (isCopied) bytes += (await orNull(Deno.lstat(path)))?.size ?? 0;
  }
  const { freeBytes } = diskUse(existing(dirname(target)));
  // Another disk may be used up; on the own one room must remain for the services.
  const needed = bytes + (link ? RESERVE_BYTES : 0);
  if (freeBytes < needed) throw noRoom(target, needed - freeBytes);
}

/** The nearest folder above a path that exists. */
function existing(folder: string): string {
  return existsSync(folder) || folder === dirname(folder) ? folder : existing(dirname(folder));
}

function noRoom(target: string, missing: number | null, cause?: unknown): Failure {
  const text = `Cannot back up into "${target}": the disk is full`;
  const hint = missing === null
    ? "Free space on the disk, or choose a folder on another disk. Nothing was left behind."
    : `Free ${formatMib(missing)}, or choose a folder on another disk.`;
  return new Failure("storage", "backup-no-room", text, { hint, cause });
}

async function checkTarget(layout: Layout, target: string, link: boolean): Promise<void> {
  if (!link && `${target}${SEPARATOR}`.startsWith(`${layout.root}${SEPARATOR}`)) {
    const text = `Cannot back up into "${target}": it is inside the data directory`;
    throw new Failure("usage", "backup-inside", text, {
      hint: "Choose a folder outside of it, best on another disk.",
    });
  }
  if ((await listFolder(target)).length === 0) return;
  throw new Failure("usage", "backup-exists", `Cannot back up into "${target}": it is not empty`, {
    hint: "Choose a new folder for each backup.",
  });
}

async function copyAll(layout: Layout, part: string, link: boolean): Promise<BackedUpFile[]> {
  const files: BackedUpFile[] = [];
  const copied = new Set<string>();
  const add = (file: BackedUpFile | null) => {
    if (file === null) return;
    files.push(file);
    copied.add(file.path);
  };
  const first = [layout.receipts, layout.ledger];
  for (const path of first) add(await copyDatabase(layout, path, part));
  for (const folder of FILE_FOLDERS) {
    for await (const path of filesBelow(layout.folder(folder))) {
      for (const each of [...recordOf(layout, folder, path), path]) {
        const isCopied = copied.has(slashed(relative(layout.root, each)));
        if (!isCopied) add(await copyFile(layout, each, part, link));
      }
    }
  }
  for await (const path of filesBelow(layout.db)) {
    if (first.includes(path) || LOCK.test(path)) continue;
    if (path.endsWith(".sqlite")) add(await copyDatabase(layout, path, part));
    else if (!/-(wal|shm|journal)$/.test(path)) add(await copyFile(layout, path, part, false));
  }
  for (const entry of Deno.readDirSync(layout.root)) {
    if (EXCLUDED.has(entry.name) || entry.name === "db") continue;
    if (FILE_FOLDERS.some((folder) => folder === entry.name) || LOCK.test(entry.name)) continue;
    const path = join(layout.root, entry.name);
    // The configuration may be a symbolic link, for example to a file in /etc.
    const paths = entry.isDirectory ? await Array.fromAsync(filesBelow(path)) : [path];
    for (const each of paths) add(await copyFile(layout, each, part, false));
  }
  return files;
}

/** The path of a file's record, which is copied before the bytes: it appears before them. */
function recordOf(layout: Layout, folder: FileFolder, path: string): string[] {
  const id = basename(path);
  return isFileId(id) ? [layout.sidecar(folder, basename(dirname(path)), id)] : [];
}

/** Copies a consistent state of a database while others write to it. */
async function copyDatabase(
  layout: Layout,
  path: string,
  part: string,
): Promise<BackedUpFile | null> {
  if (!await orNull(Deno.lstat(path))) return null;
  const name = relative(layout.root, path);
  const copy = join(part, name);
  makeFolders(dirname(copy));
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA busy_timeout=10000");
    db.prepare("VACUUM INTO ?").run(copy);
  } finally {
    db.close();
  }
  return { path: slashed(name), ...await sealCopy(copy) };
}

/** @returns null when the file has moved: it is then found in the next folder */
async function copyFile(
  layout: Layout,
  path: string,
  part: string,
  link: boolean,
): Promise<BackedUpFile | null> {
  const name = relative(layout.root, path);
  const copy = join(part, name);
  const sibling = await linkToSibling(path);
  if (sibling !== null) {
    makeFolders(dirname(copy));
    await Deno.symlink(sibling, copy);
    await keepLinkOwner(copy);
    return { path: slashed(name), size: 0, sha256: null, link: sibling };
  }
  if (!link) {
    const copied = await orNull(copyDurably(path, copy));
    return copied && { path: slashed(name), ...copied };
  }
  makeFolders(dirname(copy));
  if (await orNull(Deno.link(path, copy).then(() => true)) === null) return null;
  const { size } = await Deno.stat(copy);
  return { path: slashed(name), size, sha256: null };
}

async function* filesBelow(dir: string): AsyncGenerator<string> {
  for (const entry of await listFolder(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory) yield* filesBelow(path);
    else if (!entry.name.endsWith(TEMPORARY_SUFFIX)) yield path;
  }
}

/** The target of a symbolic link within its own folder; null for others, whose content is copied. */
async function linkToSibling(path: string): Promise<string | null> {
  const info = await orNull(Deno.lstat(path));
  if (!info?.isSymlink) return null;
  const target = await Deno.readLink(path);
  return /^[^/\\]+$/.test(target) ? target : null;
}

function slashed(path: string): string {
  return path.replaceAll(SEPARATOR, "/");
}
