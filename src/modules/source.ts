import { join, relative, sep } from "node:path";
import { Failure } from "../base/failure.ts";
import type { ModuleFiles } from "../protocol/module_view.ts";

/** What a module's sources may be; bounds for a folder on disk and for what is sent alike. */
export const SOURCE_LIMITS = { files: 200, bytes: 2 * 1024 * 1024, pathChars: 200 } as const;

const SOURCE = /\.(ts|mts|js|mjs|json|py|wasm)$/;
/** Bytes of a program in WebAssembly: what compilers make is larger than what people write. */
const MAX_WASM_BYTES = 16 * 1024 * 1024;
const MAX_WASM_CHARS = Math.ceil(MAX_WASM_BYTES / 3) * 4;
/** The most characters of all files of a module together. */
export const MAX_SOURCE_CHARS = SOURCE_LIMITS.bytes + MAX_WASM_CHARS;
const LEFT_OUT_FOLDERS = new Set(["node_modules", "samples", "tests"]);
// Files for editors and type checkers: no part of what runs.
const LEFT_OUT_FILES = new Set(["deno.json", "deno.lock", "tsconfig.json", "package.json"]);
// Each part begins with a letter, a digit or _: no hidden file, no `..`, nothing absolute.
const PATH = /^[A-Za-z0-9_][A-Za-z0-9_. -]*(\/[A-Za-z0-9_][A-Za-z0-9_. -]*)*$/;

/**
 * Reads a module's folder. Symbolic links, hidden files, `samples`, `tests`, `*_test.ts`, `*.d.ts`
 * and the configuration of editors are left out.
 *
 * @returns texts by path within the folder, `tenant.json` among them; WebAssembly in base64
 * @throws {Failure} `bad-module-folder`
 */
export async function readModuleSource(dir: string): Promise<ModuleFiles> {
  const files: ModuleFiles = {};
  let bytes = 0;
  for await (const path of sourcePaths(dir)) {
    if (path.endsWith(".wasm")) {
      files[relative(dir, path).split(sep).join("/")] = await readWasm(dir, path);
      continue;
    }
    const text = await Deno.readTextFile(path);
    bytes += new TextEncoder().encode(text).length;
    files[relative(dir, path).split(sep).join("/")] = text;
    if (bytes > SOURCE_LIMITS.bytes || Object.keys(files).length > SOURCE_LIMITS.files) {
      const mb = SOURCE_LIMITS.bytes / 1024 / 1024;
      throw bad(dir, `it has more than ${SOURCE_LIMITS.files} files or ${mb} MB of sources`);
    }
  }
  return files;
}

/** A program in WebAssembly as text, as which all files of a module are kept. */
async function readWasm(dir: string, path: string): Promise<string> {
  const bytes = await Deno.readFile(path);
  if (bytes.length <= MAX_WASM_BYTES) return bytes.toBase64();
  throw bad(dir, `"${relative(dir, path)}" has more than ${MAX_WASM_BYTES / 1024 / 1024} MB`);
}

/**
 * Checks the files that a customer sends. Nothing of them is trusted; their names never become paths.
 *
 * @throws {Failure} `bad-module-files`, `module-too-large`
 */
export function checkModuleFiles(files: ModuleFiles): void {
  const paths = Object.keys(files);
  if (paths.length === 0) throw refused("there is no file");
  if (paths.length > SOURCE_LIMITS.files) {
    throw tooLarge(`${paths.length} files of at most ${SOURCE_LIMITS.files}`);
  }
  let bytes = 0;
  let wasmChars = 0;
  const seen = new Set<string>();
  // A folder's name is shorter than the names of what is in it.
  for (const [path, text] of Object.entries(files).sort(([a], [b]) => a.length - b.length)) {
    if (path.length > SOURCE_LIMITS.pathChars || !PATH.test(path)) {
      throw refused(`${JSON.stringify(path.slice(0, 100))} is no name of a file within its folder`);
    }
    if (!SOURCE.test(path)) {
      throw refused(`"${path}" is no .ts, .mts, .js, .mjs, .json, .py or .wasm file`);
    }
    if (seen.has(path.toLowerCase())) throw refused(`"${path}" is there twice but for its case`);
    const parent = foldersOf(path).find((folder) => seen.has(folder));
    if (parent !== undefined) throw refused(`"${parent}" is a file and a folder`);
    if (!text.isWellFormed()) throw refused(`"${path}" is not valid Unicode`);
    seen.add(path.toLowerCase());
    if (path.endsWith(".wasm")) {
      wasmChars += text.length;
      if (wasmChars > MAX_WASM_CHARS) throw tooLarge(`more than ${MAX_WASM_BYTES} bytes of .wasm`);
      continue;
    }
    bytes += new TextEncoder().encode(text).length;
    if (bytes > SOURCE_LIMITS.bytes) throw tooLarge(`more than ${SOURCE_LIMITS.bytes} bytes`);
  }
}

/** The folders that a path leads through, in small letters. */
function foldersOf(path: string): string[] {
  const parts = path.toLowerCase().split("/").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

async function* sourcePaths(dir: string): AsyncGenerator<string> {
  let entries: Deno.DirEntry[];
  try {
    entries = await Array.fromAsync(Deno.readDir(dir));
  } catch (error) {
    throw bad(dir, "it cannot be read as a folder", error);
  }
  for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = join(dir, entry.name);
    if (entry.isSymlink || entry.name.startsWith(".")) continue;
    if (entry.isDirectory && !LEFT_OUT_FOLDERS.has(entry.name)) yield* sourcePaths(path);
    else if (entry.isFile && isSource(entry.name)) yield path;
  }
}

function isSource(name: string): boolean {
  return SOURCE.test(name) && !LEFT_OUT_FILES.has(name) &&
    !/(_test\.m?ts|\.d\.m?ts)$/.test(name);
}

function bad(dir: string, what: string, cause?: unknown): Failure {
  const text = `Cannot use the module folder "${dir}": ${what}`;
  return new Failure("usage", "bad-module-folder", text, { cause });
}

function refused(what: string): Failure {
  return new Failure("refused", "bad-module-files", `Cannot take the module: ${what}`);
}

function tooLarge(what: string): Failure {
  return new Failure("refused", "module-too-large", `Cannot take the module: it has ${what}`, {
    details: { files: SOURCE_LIMITS.files, bytes: SOURCE_LIMITS.bytes },
  });
}
