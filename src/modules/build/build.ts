import type { JsonFault } from "../../config/json_fault.ts";
import { placeOfMember } from "../../config/json_place.ts";
import {
  type AuthoredTenantJson,
  checkTenantJson,
  entryName,
  withTables,
} from "../../config/tenant_json.ts";
import { Failure } from "../../base/failure.ts";
import {
  type Declaration,
  DeclarationFault,
  parseDeclaration,
} from "../../sandbox/wire/declaration.ts";
import { faultText } from "../../sandbox/wire/declared_faults.ts";
import type { SourceFault } from "../../sandbox/wire/messages.ts";
import { CHECK_LIMITS } from "../../sandbox/host/policy.ts";
import { Sandbox } from "../../sandbox/host/sandbox.ts";
import { ModuleFault } from "../../sandbox/host/sandbox_failures.ts";
import { buildProgram, isProgram } from "./program_module.ts";
import { SourcePlaces } from "./source_place.ts";
import { readModuleSource } from "../source.ts";
import type { BuiltModule } from "../store.ts";
import type { ModuleFiles } from "../../protocol/module_view.ts";

const TENANT_JSON = "tenant.json";
/** The most faults that are reported. */
const MAX_FAULTS = 100;

type Built = Pick<BuiltModule, "script" | "declaration">;

/**
 * Bundles the module in a folder and checks its declaration, both in a sandbox.
 *
 * @throws {ModuleFault} all faults that are found, each with its place: in `tenant.json`, syntax,
 *   forbidden imports, the declaration
 * @throws {Failure} `bad-module-folder`, and what {@link buildProgram} throws
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
  const { [TENANT_JSON]: text = "{}", ...sources } = files;
  const { tenantJson, entry, faults: settingFaults } = checkTenantJson(text);
  const faults = settingFaults.map(inTenantJson);
  let built: Built | null = null;
  if (entry !== null) {
    const name = entryName(entry);
    if (!Object.hasOwn(sources, name) && faults.length === 0) throw noEntry(name, dir);
    const building = isProgram(entry) ? buildProgram(entry, sources) : buildScript(name, sources);
    built = await building.catch((error) => {
      if (!(error instanceof ModuleFault)) throw error;
      faults.push(...error.faults);
      return null;
    });
  }
  if (tenantJson !== null && entry !== null) {
    if (isProgram(entry)) faults.push(...programFaults(tenantJson, text));
    if (built) {
      faults.push(...permissionFaults(built.declaration, tenantJson, text));
      const place = () => new SourcePlaces(sources).find(entryName(entry), ["tables"]);
      const filled = filledTableFaults(built.declaration, tenantJson);
      faults.push(...filled.map((message) => ({ ...place(), message })));
    }
  }
  if (faults.length > 0 || tenantJson === null || built === null) {
    throw new ModuleFault(faults.sort(byPlace).slice(0, MAX_FAULTS));
  }
  const tables = built.declaration.tables.map(({ name }) => name);
  return { ...built, tenantJson: withTables(tenantJson, tables) };
}

function inTenantJson({ line, column, setting, message }: JsonFault): SourceFault {
  const text = setting === "" ? message : `${setting}: ${message}`;
  return { file: TENANT_JSON, line, column, message: text };
}

function byPlace(a: SourceFault, b: SourceFault): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

async function buildScript(name: string, sources: ModuleFiles): Promise<Built> {
  const script = await Sandbox.spawn().bundle(name, sources, CHECK_LIMITS.bundle);
  return { script, declaration: await describe(script, name, sources) };
}

function noEntry(name: string, dir: string): Failure {
  const text = `Cannot use the module${dir && ` folder "${dir}"`}: it has no "${name}"`;
  return new Failure("usage", "bad-module-folder", text, {
    hint: 'Set "entry" in tenant.json to the module\'s file.',
  });
}

async function describe(
  script: string,
  entry: string,
  sources: ModuleFiles,
): Promise<Declaration> {
  const places = new SourcePlaces(sources);
  try {
    return parseDeclaration(await Sandbox.spawn().describe(script, CHECK_LIMITS.describe));
  } catch (error) {
    if (error instanceof DeclarationFault) {
      throw new ModuleFault(
        error.faults.slice(0, MAX_FAULTS).map(({ path, message }) => ({
          ...places.find(entry, path),
          message: faultText({ path, message }),
        })),
      );
    }
    if (error instanceof Failure && /^module-/.test(error.code)) {
      throw new ModuleFault([
        faultWithPlace(error.message) ?? { ...places.find(entry, []), message: error.message },
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

/** Tables that tenant.json names wrongly, or lacks if it lists those that the module may write. */
function permissionFaults(
  { tables }: Declaration,
  { permissions: { write, read } }: AuthoredTenantJson,
  text: string,
): SourceFault[] {
  const declared = tables.map(({ name }) => name);
  const faults = read.flatMap((name, i) =>
    declared.includes(name) ? [] : [permissionFault(text, ["read", i], {
      what: `the module has permission to read the table "${name}" but does not declare it`,
      hint: "Declare the table with the columns and the key that it has in the storage.",
    })]
  );
  if (write === undefined) return faults;
  const missing = declared.filter((name) => !write.includes(name) && !read.includes(name));
  const all = JSON.stringify([...write, ...missing]);
  return [
    ...faults,
    ...missing.map((name) =>
      permissionFault(text, ["write"], {
        what: `the module declares the table "${name}" but has no permission to write it`,
        hint: `Remove "write", or set "permissions": {"write": ${all}}`,
      })
    ),
  ];
}

/** Without `row`, there must be one table that the records can fill. */
function filledTableFaults(
  { tables, hasRow }: Declaration,
  tenantJson: AuthoredTenantJson,
): string[] {
  const { write } = withTables(tenantJson, tables.map(({ name }) => name)).permissions;
  const written = tables.map(({ name }) => name).filter((name) => write.includes(name));
  if (hasRow || written.length === 1) return [];
  const names = written.map((name) => `"${name}"`).join(", ");
  const others = written.length === 0
    ? "has no permission to write one"
    : `this one writes ${names}: add \`row\``;
  return [`a module without \`row\` fills one table, but ${others}`];
}

/** A program only reads its file and writes rows: its protocol has no requests to the host. */
function programFaults({ permissions }: AuthoredTenantJson, text: string): SourceFault[] {
  return (["read", "net", "secrets"] as const).flatMap((member) =>
    permissions[member].length === 0 ? [] : [permissionFault(text, [member], {
      what: `"permissions.${member}" is only for modules in TypeScript, not for programs`,
      hint: `Remove "${member}", or write the module in TypeScript.`,
    })]
  );
}

function permissionFault(
  text: string,
  path: (string | number)[],
  { what, hint }: { what: string; hint: string },
): SourceFault {
  const place = placeOfMember(text, ["permissions", ...path]) ?? { line: 1, column: 1 };
  return { file: TENANT_JSON, ...place, message: `${what}. ${hint}` };
}
