import { randomUUID } from "node:crypto";
import { basename, dirname, join, relative, resolve, sep as SEPARATOR } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../base/failure.ts";
import { sha256OfFile } from "../base/read_file.ts";
import { VERSION } from "../base/version.ts";
import {
  fsyncFile,
  fsyncFolder,
  listFolder,
  orNull,
  TEMPORARY_SUFFIX,
  writeDurably,
} from "../data/durable.ts";
import { isFileId } from "../data/file_id.ts";
import { FILE_FOLDERS, type FileFolder, type Layout } from "../data/layout.ts";
import { copyDurably } from "./copy.ts";
import { readDataVersion } from "../data/version.ts";
import { type BackedUpFile, MANIFEST, type Manifest } from "./manifest.ts";

interface BackupOptions {
  /** Link the customers' files instead of copying them: they never change, only move. @default false */
  link?: boolean;
  /** Milliseconds since the epoch. @default Date.now() */
  now?: number;
}

// Unfinished uploads are begun again by their clients; backups do not hold backups.
const LEFT_OUT = new Set(["uploads", "backups"]);
const LOCK = /\.lock$/;

/**
 * Copies a data directory while the services run, so that what is restored from it is whole: no file
 * that was acknowledged is lost and no row of a file that counts as ingested.
 *
 * That follows from the order. A file is received, then in staging, then in the ledger, then its
 * rows are stored, then the ledger says so, then it moves on. Copied are the receipts, the ledger,
 * the folders in the order in which files move, and the rows at last: whatever an earlier copy
 * names is in a later one. What is in a later one alone is brought together by `restore`.
 *
 * @param dir a folder that is missing or empty
 * @throws {Failure} `backup-exists`, `backup-inside`
 */
export async function backUp(
  layout: Layout,
  dir: string,
  { link = false, now = Date.now() }: BackupOptions = {},
): Promise<Manifest> {
  const target = resolve(dir);
  await checkTarget(layout, target, link);
  const part = `${target}.${randomUUID()}${TEMPORARY_SUFFIX}`;
  await Deno.mkdir(part, { recursive: true, mode: 0o700 });
  try {
    const files = await copyAll(layout, part, link);
    const manifest: Manifest = {
      program: VERSION,
      dataVersion: await readDataVersion(layout) ?? 1,
      createdAt: new Date(now).toISOString(),
      files,
    };
    await writeDurably(join(part, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    await Deno.rename(part, target);
    await fsyncFolder(dirname(target));
    return manifest;
  } catch (error) {
    await Deno.remove(part, { recursive: true });
    throw error;
  }
}

async function checkTarget(layout: Layout, target: string, link: boolean): Promise<void> {
  if (!link && `${target}${SEPARATOR}`.startsWith(`${layout.root}${SEPARATOR}`)) {
    throw new Failure("usage", "backup-inside", `Cannot back up into "${target}": it is in DATA`, {
      hint: "Name a folder elsewhere, best on another disk.",
    });
  }
  if ((await listFolder(target)).length === 0) return;
  throw new Failure("usage", "backup-exists", `Cannot back up into "${target}": it is not empty`, {
    hint: "Name a new folder for each backup.",
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
    if (LEFT_OUT.has(entry.name) || entry.name === "db") continue;
    if (FILE_FOLDERS.some((folder) => folder === entry.name) || LOCK.test(entry.name)) continue;
    const path = join(layout.root, entry.name);
    // The configuration may be a link to where the system has such files.
    if (!entry.isDirectory) add(await copyFile(layout, path, part, false));
    else {for await (const inner of filesBelow(path)) {
        add(await copyFile(layout, inner, part, false));
      }}
  }
  return files;
}

/** The record of a file's bytes, which is copied before them: it appears first and goes last. */
function recordOf(layout: Layout, folder: FileFolder, path: string): string[] {
  const id = basename(path);
  return isFileId(id) ? [layout.sidecar(folder, basename(dirname(path)), id)] : [];
}

/** The database as it is at one moment, whoever writes to it. */
async function copyDatabase(
  layout: Layout,
  path: string,
  part: string,
): Promise<BackedUpFile | null> {
  if (!await orNull(Deno.lstat(path))) return null;
  const name = relative(layout.root, path);
  const copy = join(part, name);
  await Deno.mkdir(dirname(copy), { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA busy_timeout=10000");
    db.prepare("VACUUM INTO ?").run(copy);
  } finally {
    db.close();
  }
  await Deno.chmod(copy, 0o600);
  await fsyncFile(copy);
  const { size } = await Deno.stat(copy);
  return { path: slashed(name), size, sha256: await sha256OfFile(copy) };
}

/** @returns null when the file has moved on: then it is met in the next folder */
async function copyFile(
  layout: Layout,
  path: string,
  part: string,
  link: boolean,
): Promise<BackedUpFile | null> {
  const name = relative(layout.root, path);
  const copy = join(part, name);
  const neighbour = await neighbourOf(path);
  if (neighbour !== null) {
    await Deno.mkdir(dirname(copy), { recursive: true, mode: 0o700 });
    await Deno.symlink(neighbour, copy);
    return { path: slashed(name), size: 0, sha256: null, link: neighbour };
  }
  if (!link) {
    const copied = await orNull(copyDurably(path, copy));
    return copied && { path: slashed(name), ...copied };
  }
  await Deno.mkdir(dirname(copy), { recursive: true, mode: 0o700 });
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

/** What a symbolic link to a file or folder beside it names; other links stand for what they lead to. */
async function neighbourOf(path: string): Promise<string | null> {
  const info = await orNull(Deno.lstat(path));
  if (!info?.isSymlink) return null;
  const target = await Deno.readLink(path);
  return /^[^/\\]+$/.test(target) ? target : null;
}

function slashed(path: string): string {
  return path.replaceAll(SEPARATOR, "/");
}
