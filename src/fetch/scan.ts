import { isAbsolute, join, relative, sep } from "node:path";
import { Failure, messageOf } from "../base/failure.ts";
import { normalizeFileName } from "../protocol/file_names.ts";
import { type Candidate, type Snapshot, snapshotOf, unreadable } from "./steady_file.ts";

/** An entry of the directory: a file to check, or the reason why it is not sent. */
export type ScanEntry =
  | { outcome: "candidate"; name: string; candidate: Candidate & FoundFile }
  /** Never sent: hidden files, folders, markers, files that still have a temporary name. */
  | NotSent<"skipped">
  /** Cannot be sent. */
  | NotSent<"refused">;

interface NotSent<Outcome> {
  outcome: Outcome;
  name: string;
  failure: Failure;
  /** The file that was found; null if it was not inspected. */
  found: FoundFile | null;
}

/** A file with the moment of its creation, which it keeps when it is renamed. */
export interface FoundFile extends Snapshot {
  /** Milliseconds since the epoch; null if the file system does not keep it. */
  birthtime: number | null;
}

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
/** Names under which browsers, transfer programs and editors write a file before they rename it. */
const TEMPORARY =
  /~$|\.(tmp|temp|part|partial|filepart|crdownload|download|incomplete|inprogress|uploading|writing|swp)$/i;
const MARKER = /^(.+)\.done$/i;

/** The code of a skipped file that has a temporary name. */
export const TEMPORARY_FILE = "temporary-file";
/** The code of a skipped marker. */
export const MARKER_FILE = "marker-file";

/** Whether a file with this name is not complete before it is renamed. */
export function isTemporary(name: string): boolean {
  return name.startsWith(".") || TEMPORARY.test(name);
}

/** The name of the file that a marker (`NAME.done`) declares complete; null for other names. */
export function markedBy(name: string): string | null {
  return MARKER.exec(name)?.[1] ?? null;
}

async function inspect(root: string, rawName: string): Promise<ScanEntry> {
  const path = join(root, rawName);
  const unwanted = unwantedName(rawName);
  if (unwanted !== null) {
    const { code, why } = unwanted;
    return skip(rawName, code, why, await fileAt(path));
  }
  try {
    const link = await Deno.lstat(path);
    if (link.isSymlink && !(await leadsInside(root, path))) {
      return refuse(rawName, "link-outside", "it is a link to a file outside the directory");
    }
    const info = await Deno.stat(path);
    if (info.isDirectory) return skip(rawName, "folder", "folders are not sent", null);
    if (!info.isFile) return refuse(rawName, "not-a-file", "it is not a regular file");
    const name = normalizeFileName(rawName);
    if (info.size === 0) return refuse(name, "file-empty", "the file is empty", foundOf(info));
    return { outcome: "candidate", name, candidate: { name, path, ...foundOf(info) } };
  } catch (error) {
    const failure = inspectFailure(rawName, error);
    return { outcome: "refused", name: rawName, failure, found: null };
  }
}

async function fileAt(path: string): Promise<FoundFile | null> {
  const info = await Deno.stat(path).catch(() => null);
  return info?.isFile ? foundOf(info) : null;
}

function unwantedName(name: string): { code: string; why: string } | null {
  if (name.startsWith(".")) return { code: "hidden-file", why: "hidden files are not sent" };
  if (SYSTEM_FILE.test(name)) {
    return { code: "system-file", why: "it belongs to the operating system or an open program" };
  }
  const marked = markedBy(name);
  if (marked !== null) return { code: MARKER_FILE, why: `it marks that ${marked} is complete` };
  if (TEMPORARY.test(name)) {
    return { code: TEMPORARY_FILE, why: "it has a temporary name; it is sent once it is renamed" };
  }
  return null;
}

function foundOf(info: Deno.FileInfo): FoundFile {
  return { ...snapshotOf(info), birthtime: info.birthtime?.getTime() ?? null };
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

function skip(name: string, code: string, why: string, found: FoundFile | null): ScanEntry {
  return { ...refuse(name, code, why, found), outcome: "skipped" };
}

function refuse(name: string, code: string, why: string, found: FoundFile | null = null) {
  const failure = new Failure("refused", code, `Cannot send "${name}": ${why}`);
  return { outcome: "refused" as const, name, failure, found };
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
