import { isAbsolute, join, relative, sep } from "node:path";
import { Failure, messageOf } from "../base/failure.ts";
import { normalizeFileName } from "../protocol/file_names.ts";
import { type Candidate, snapshotOf, unreadable } from "./steady_file.ts";

/** An entry of the directory: a file to check, or the reason why it is not sent. */
export type ScanEntry =
  | { outcome: "candidate"; name: string; candidate: Candidate }
  /** Never sent: hidden files, folders. */
  | { outcome: "skipped"; name: string; failure: Failure }
  /** Cannot be sent. */
  | { outcome: "refused"; name: string; failure: Failure };

/**
 * Lists a directory without reading any content.
 *
 * @returns the entries sorted by name (UTF-16 code units, the same on all systems)
 * @throws {Failure} kind `usage` if the directory cannot be read
 *
 * @example
 * ```ts ignore
 * const entries = await scanDirectory("client-input-dir");
 * ```
 */
export async function scanDirectory(dir: string): Promise<ScanEntry[]> {
  const root = await Deno.realPath(dir).catch((error) => {
    throw directoryFailure(dir, error);
  });
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(root)) names.push(entry.name);
  } catch (error) {
    throw directoryFailure(dir, error);
  }
  names.sort((a, b) => (a < b ? -1 : 1));
  const entries: ScanEntry[] = [];
  const taken = new Set<string>();
  for (const name of names) {
    const entry = await inspect(root, name);
    const isTwice = entry.outcome === "candidate" && taken.has(entry.name);
    entries.push(isTwice ? twice(entry.name) : entry);
    taken.add(entry.name);
  }
  return entries;
}

// Files that Windows, macOS and office programs create. Names that start with a dot, such as
// .DS_Store, are hidden anyway.
const SYSTEM_FILE = /^(thumbs\.db|ehthumbs\.db|desktop\.ini|icon\r|~\$.*)$/i;

async function inspect(root: string, rawName: string): Promise<ScanEntry> {
  if (rawName.startsWith(".")) {
    return skip(rawName, "hidden-file", "hidden files are not sent");
  }
  if (SYSTEM_FILE.test(rawName)) {
    return skip(rawName, "system-file", "it belongs to the operating system or an open program");
  }
  const path = join(root, rawName);
  try {
    const link = await Deno.lstat(path);
    if (link.isSymlink && !(await leadsInside(root, path))) {
      return refuse(rawName, "link-outside", "it is a link to a file outside the directory");
    }
    const info = await Deno.stat(path);
    if (info.isDirectory) return skip(rawName, "folder", "folders are not sent");
    if (!info.isFile) return refuse(rawName, "not-a-file", "it is not a regular file");
    const name = normalizeFileName(rawName);
    if (info.size === 0) return refuse(name, "file-empty", "the file is empty");
    return { outcome: "candidate", name, candidate: { name, path, ...snapshotOf(info) } };
  } catch (error) {
    return { outcome: "refused", name: rawName, failure: inspectFailure(rawName, error) };
  }
}

async function leadsInside(root: string, path: string): Promise<boolean> {
  const way = relative(root, await Deno.realPath(path));
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function inspectFailure(name: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof Deno.errors.NotFound) {
    const text = `Cannot send "${name}": the file it links to does not exist`;
    return new Failure("refused", "file-gone", text, { cause: error });
  }
  return unreadable(name, error);
}

function skip(name: string, code: string, why: string): ScanEntry {
  return { ...refuse(name, code, why), outcome: "skipped" };
}

function refuse(name: string, code: string, why: string) {
  const failure = new Failure("refused", code, `Cannot send "${name}": ${why}`);
  return { outcome: "refused" as const, name, failure };
}

/** A file system can have two spellings of a name (NFC and NFD), the server only one. */
function twice(name: string): ScanEntry {
  const why = "another file has the same name in a different Unicode normalization";
  return refuse(name, "name-twice", why);
}

function directoryFailure(dir: string, error: unknown): Failure {
  const state = error instanceof Deno.errors.NotFound
    ? "it does not exist"
    : error instanceof Deno.errors.NotADirectory
    ? "it is not a directory"
    : error instanceof Deno.errors.PermissionDenied
    ? "permission denied"
    : messageOf(error);
  const text = `Cannot read the directory "${dir}": ${state}`;
  return new Failure("usage", "directory-unreadable", text, {
    hint: "Create it, or choose another one with -d DIR.",
    cause: error,
  });
}
