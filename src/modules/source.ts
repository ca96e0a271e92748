import { join, relative, sep } from "node:path";
import { Failure } from "../base/failure.ts";
import type { ModuleFiles } from "../protocol/module_view.ts";

/** Limits of a module's sources, both in a folder on disk and in a submission. */
export const SOURCE_LIMITS = { files: 200, bytes: 2 * 1024 * 1024, pathChars: 200 } as const;

const SOURCE = /\.(ts|mts|js|mjs|json|py|wasm)$/;
/** Compiled programs are larger than sources. */
const MAX_WASM_BYTES = 16 * 1024 * 1024;
const MAX_WASM_CHARS = Math.ceil(MAX_WASM_BYTES / 3) * 4;
/** Maximum characters of all files of a module together. */
export const MAX_SOURCE_CHARS = SOURCE_LIMITS.bytes + MAX_WASM_CHARS;
const IGNORED_FOLDERS = new Set(["node_modules", "samples", "tests"]);
// Files for editors and type checkers, which never run.
const IGNORED_FILES = new Set(["deno.json", "deno.lock", "tsconfig.json", "package.json"]);
// Each part starts with a letter, a digit or _: no hidden file, no `..`, nothing absolute.
const PATH = /^[A-Za-z0-9_][A-Za-z0-9_. -]*(\/[A-Za-z0-9_][A-Za-z0-9_. -]*)*$/;

/**
 * Reads a module's folder. Symbolic links, hidden files, `samples`, `tests`, `*_test.ts`, `*.d.ts`
 * and the configuration of editors are ignored.
 *
 * @returns texts by path within the folder, including `tenant.json`; WebAssembly in base64
 * @throws {Failure} `bad-module-folder`
 */
export async function readModuleSource(dir: string): Promise<ModuleFiles> {
  const files: ModuleFiles = {};
  let bytes = 0;
  for await (const path of sourcePaths(dir)) {
    const name = relative(dir, path).split(sep).join("/");
    if (path.endsWith(".wasm")) {
      files[name] = await readWasm(dir, path);
      continue;
    }
    const text = await Deno.readTextFile(path);
    bytes += byteLength(text);
    files[name] = text;
    if (bytes > SOURCE_LIMITS.bytes || Object.keys(files).length > SOURCE_LIMITS.files) {
      throw badFolder(
        dir,
        `it has more than ${SOURCE_LIMITS.files} files or ${mib(SOURCE_LIMITS.bytes)} of sources`,
      );
    }
  }
  return files;
}

/** Reads a WebAssembly file as base64: all files of a module are kept as texts. */
async function readWasm(dir: string, path: string): Promise<string> {
  const bytes = await Deno.readFile(path);
  if (bytes.length <= MAX_WASM_BYTES) return bytes.toBase64();
  throw badFolder(dir, `"${relative(dir, path)}" has more than ${mib(MAX_WASM_BYTES)}`);
}

/**
 * Checks the files of a submission. They are untrusted, and their names never become paths on disk.
 *
 * @throws {Failure} `bad-module-files`, `module-too-large`
 */
export function checkModuleFiles(files: ModuleFiles): void {
  const paths = Object.keys(files);
  if (paths.length === 0) throw badFiles("it has no files");
  if (paths.length > SOURCE_LIMITS.files) {
    throw tooLarge(`${paths.length} files (limit: ${SOURCE_LIMITS.files})`);
  }
  let bytes = 0;
  let wasmChars = 0;
  const seen = new Set<string>();
  // Sorted by length, a folder's name comes before the names of its files.
  for (const [path, text] of Object.entries(files).sort(([a], [b]) => a.length - b.length)) {
    if (path.length > SOURCE_LIMITS.pathChars || !PATH.test(path)) {
      throw badFiles(`${JSON.stringify(path.slice(0, 100))} is not a valid relative path`);
    }
    if (!SOURCE.test(path)) {
      throw badFiles(`"${path}" is not a .ts, .mts, .js, .mjs, .json, .py or .wasm file`);
    }
    if (seen.has(path.toLowerCase())) {
      throw badFiles(`"${path}" and another file differ only in upper and lower case`);
    }
    const parent = foldersOf(path).find((folder) => seen.has(folder));
    if (parent !== undefined) throw badFiles(`"${parent}" is both a file and a folder`);
    if (!text.isWellFormed()) throw badFiles(`"${path}" is not valid Unicode`);
    seen.add(path.toLowerCase());
    if (path.endsWith(".wasm")) {
      wasmChars += text.length;
      if (wasmChars > MAX_WASM_CHARS) throw tooLarge(`more than ${mib(MAX_WASM_BYTES)} of .wasm`);
      continue;
    }
    bytes += byteLength(text);
    if (bytes > SOURCE_LIMITS.bytes) {
      throw tooLarge(`more than ${mib(SOURCE_LIMITS.bytes)} of sources`);
    }
  }
}

/** Returns the folders of a path, in lower case. */
function foldersOf(path: string): string[] {
  const parts = path.toLowerCase().split("/").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

async function* sourcePaths(dir: string): AsyncGenerator<string> {
  let entries: Deno.DirEntry[];
  try {
    entries = await Array.fromAsync(Deno.readDir(dir));
  } catch (error) {
    throw badFolder(dir, "it is not a readable folder", error);
  }
  for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = join(dir, entry.name);
    if (entry.isSymlink || entry.name.startsWith(".")) continue;
    if (entry.isDirectory && !IGNORED_FOLDERS.has(entry.name)) yield* sourcePaths(path);
    else if (entry.isFile && isSource(entry.name)) yield path;
  }
}

function isSource(name: string): boolean {
  return SOURCE.test(name) && !IGNORED_FILES.has(name) &&
    !/(_test\.m?ts|\.d\.m?ts)$/.test(name);
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function mib(bytes: number): string {
  return `${bytes / 1024 ** 2} MiB`;
}

function badFolder(dir: string, reason: string, cause?: unknown): Failure {
  const text = `Cannot use the module folder "${dir}": ${reason}`;
  return new Failure("usage", "bad-module-folder", text, { cause });
}

function badFiles(reason: string): Failure {
  return new Failure("refused", "bad-module-files", `Cannot accept the module: ${reason}`);
}

function tooLarge(size: string): Failure {
  return new Failure("refused", "module-too-large", `Cannot accept the module: it has ${size}`, {
    details: { files: SOURCE_LIMITS.files, bytes: SOURCE_LIMITS.bytes },
  });
}
