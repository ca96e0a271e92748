import { join } from "node:path";
import { placeOfMember } from "../../config/json_place.ts";
import type { Place } from "../../config/toml_file.ts";
import { entryName, parseTenantJson, type TenantJson } from "../../config/tenant_json.ts";
import { Failure } from "../../base/failure.ts";
import {
  type Declaration,
  DeclarationFault,
  parseDeclaration,
} from "../../sandbox/wire/declaration.ts";
import type { SourceFault } from "../../sandbox/wire/messages.ts";
import { Sandbox } from "../../sandbox/host/sandbox.ts";
import { ModuleFault } from "../../sandbox/host/sandbox_failures.ts";
import { buildProgram, isProgram } from "./program_module.ts";
import { readModuleSource } from "../source.ts";
import type { BuiltModule } from "../store.ts";
import type { ModuleFiles } from "../../protocol/module_view.ts";

// Bundling runs our own code on untrusted text: generous limits, but limits.
const BUNDLE_LIMITS = { memoryBytes: 1024 ** 3, seconds: 30 };
const DESCRIBE_LIMITS = { memoryBytes: 512 * 1024 ** 2, seconds: 5 };

/**
 * Bundles the module in a folder and checks its declaration, both in a sandbox.
 *
 * @throws {ModuleFault} syntax errors, forbidden imports and invalid declarations, each with its place
 * @throws {Failure} `bad-tenant-json`, `bad-module-folder`, `module-failed`
 */
export async function buildModule(dir: string): Promise<BuiltModule & { files: ModuleFiles }> {
  const files = await readModuleSource(dir);
  return { ...await buildFiles(files, dir), files };
}

/**
 * Like {@link buildModule}, for files in memory.
 * @param dir their folder, for messages; "" if they have none
 */
export async function buildFiles(files: ModuleFiles, dir: string): Promise<BuiltModule> {
  const { "tenant.json": text = "{}", ...sources } = files;
  const tenantJson = parseTenantJson(text, join(dir, "tenant.json"));
  const { entry } = tenantJson;
  const name = entryName(entry);
  if (!Object.hasOwn(sources, name)) throw noEntry(name, dir);
  if (isProgram(entry)) checkProgramPermissions(tenantJson, text);
  const { script, declaration } = isProgram(entry)
    ? await buildProgram(entry, sources)
    : await buildScript(name, sources);
  checkPermissions(declaration, tenantJson, text);
  return { script, declaration, tenantJson };
}

async function buildScript(
  name: string,
  sources: ModuleFiles,
): Promise<{ script: string; declaration: Declaration }> {
  const script = await Sandbox.spawn().bundle(name, sources, BUNDLE_LIMITS);
  return { script, declaration: await describe(script, { name, text: sources[name] ?? "" }) };
}

function noEntry(name: string, dir: string): Failure {
  const text = `Cannot use the module${dir && ` folder "${dir}"`}: it has no "${name}"`;
  return new Failure("usage", "bad-module-folder", text, {
    hint: 'Set "entry" in tenant.json to the module\'s file.',
  });
}

interface Entry {
  name: string;
  text: string;
}

async function describe(script: string, entry: Entry): Promise<Declaration> {
  try {
    return parseDeclaration(await Sandbox.spawn().describe(script, DESCRIBE_LIMITS));
  } catch (error) {
    if (error instanceof DeclarationFault) {
      throw new ModuleFault([{ ...locate(entry, error.path), message: error.message }]);
    }
    if (error instanceof Failure && /^module-/.test(error.code)) {
      throw new ModuleFault([
        faultWithPlace(error.message) ?? { ...locate(entry, []), message: error.message },
      ]);
    }
    throw error;
  }
}

/** Parses the place that follows the message of a module that threw while it was loaded. */
function faultWithPlace(text: string): SourceFault | null {
  const [, message, file, line, column] = /^([^]*) \((\S+):(\d+):(\d+)\)$/.exec(text) ?? [];
  if (message === undefined || file === undefined) return null;
  return { file, line: Number(line), column: Number(column), message };
}

/** Finds a part of the declaration in the entry: the last of its names after the default export. */
function locate({ name: file, text }: Entry, path: string[]) {
  const lines = text.split("\n");
  let line = Math.max(0, lines.findIndex((text) => /\bexport\s+default\b/.test(text)));
  let column = 1;
  for (const name of path) {
    const word = new RegExp(`(^|[^\\w$])["']?${RegExp.escape(name)}["']?\\s*:`);
    const found = lines.findIndex((text, i) => i >= line && word.test(text));
    if (found < 0) continue;
    line = found;
    column = (lines[found]?.search(word) ?? 0) + 1;
  }
  return { file, line: line + 1, column };
}

function checkPermissions(declaration: Declaration, tenantJson: TenantJson, text: string): void {
  const { write: allowed, read } = tenantJson.permissions;
  const declared = declaration.tables.map((table) => table.name);
  checkReadable(declared, read, text);
  const missing = declared.filter((name) => !allowed.includes(name) && !read.includes(name));
  if (missing.length === 0) return;
  const place = placeOfMember(text, ["permissions", "write"]) ??
    placeOfMember(text, ["permissions"]);
  throw permissionFault("permission-missing", place, {
    what: `the module declares the table "${missing[0]}" but has no permission to write it`,
    hint: `Set "permissions": {"write": ${JSON.stringify([...allowed, ...missing])}}`,
  });
}

/** A program only reads its file and writes rows: its protocol has no requests to the host. */
function checkProgramPermissions({ permissions }: TenantJson, text: string): void {
  const member = (["read", "net", "secrets"] as const).find((name) => permissions[name].length > 0);
  if (member === undefined) return;
  throw permissionFault("permission-of-scripts", placeOfMember(text, ["permissions", member]), {
    what: `"permissions.${member}" is only for modules in TypeScript, not for programs`,
    hint: `Remove "${member}", or write the module in TypeScript.`,
  });
}

/** A table that the module reads must be declared: the declaration has its key and types. */
function checkReadable(declared: string[], read: string[], text: string): void {
  const unknown = read.findIndex((name) => !declared.includes(name));
  if (unknown < 0) return;
  const place = placeOfMember(text, ["permissions", "read", unknown]);
  throw permissionFault("permission-missing", place, {
    what: `the module has permission to read the table "${read[unknown]}" but does not declare it`,
    hint: "Declare the table with the columns and the key that it has in the storage.",
  });
}

/** @param found the place in tenant.json; null stands for its start */
function permissionFault(
  code: string,
  found: Place | null,
  { what, hint }: { what: string; hint: string },
): Failure {
  const place = found ?? { line: 1, column: 1 };
  const text = `Cannot deploy the module:\ntenant.json:${place.line}:${place.column}: ${what}`;
  return new Failure("usage", code, text, { hint, details: { file: "tenant.json", ...place } });
}
