import { join } from "node:path";
import { faultOfCredentials } from "../accounts/credentials.ts";
import { usersFaults } from "../accounts/users_text.ts";
import { messageOf } from "../base/failure.ts";
import { nearest } from "../base/nearest.ts";
import { isTenantName } from "../base/tenant_name.ts";
import { checkConstraints } from "../config/constraints_file.ts";
import { type JsonFault, parseJson } from "../config/json_fault.ts";
import { placeOfMember } from "../config/json_place.ts";
import { checkTenantJson } from "../config/tenant_json.ts";
import { listFolder, orNull } from "../data/durable.ts";
import type { Layout } from "../data/layout.ts";

/** What a file is about, as `doctor` names it. */
export type FileSubject = "constraints" | "accounts" | "tokens" | "modules" | "secrets";

/** A fault in a file that people write or change by hand. */
export interface FileFault {
  subject: FileSubject;
  /** The path, with line and column if they are known. */
  where: string;
  message: string;
}

/**
 * Checks the files in a data directory that people write or change by hand, and reports all faults:
 * `constraints/`, `users.json`, `admins.json`, `credentials/`, `secrets/`, and `tenant.json` of the modules in use.
 */
export async function* faultsOfFiles(layout: Layout): AsyncGenerator<FileFault> {
  const tenants = await tenantsOf(layout);
  yield* accountFaults(layout.users);
  yield* accountFaults(layout.admins);
  for (const kind of ["tenants", "operators"]) {
    for await (const path of jsonFiles(join(layout.credentials, kind))) {
      yield* faultsIn("tokens", path, (text) => {
        const fault = faultOfCredentials(text);
        return fault === null ? [] : [wholeFile(fault)];
      });
    }
  }
  yield* constraintsFaults(layout, tenants);
  for await (const path of jsonFiles(layout.secrets)) {
    yield* faultsIn("secrets", path, (text) => {
      const { value, faults } = parseJson(text);
      const isFine = value === undefined || isTexts(value);
      return isFine ? faults : [...faults, wholeFile("it is not an object of names and values")];
    });
  }
  yield* moduleFaults(layout);
}

/** Logs all faults, as the services do when they start; never throws. */
export async function reportFaults(
  layout: Layout,
  emit: (event: { kind: "data.faulty"; path: string; error: string }) => void,
): Promise<void> {
  try {
    for await (const { where, message } of faultsOfFiles(layout)) {
      emit({ kind: "data.faulty", path: where, error: message });
    }
  } catch (error) {
    emit({ kind: "data.faulty", path: layout.root, error: messageOf(error) });
  }
}

async function* constraintsFaults(
  layout: Layout,
  tenants: ReadonlySet<string> | null,
): AsyncGenerator<FileFault> {
  for await (const path of jsonFiles(join(layout.root, "constraints"))) {
    yield* faultsIn("constraints", path, (text) => checkConstraints(text).faults);
    const tenant = path.split("/").at(-1)?.replace(/\.json$/, "") ?? "";
    if (tenants === null || tenants.has(tenant)) continue;
    const similar = nearest(tenant, [...tenants]);
    const meant = similar === null ? "" : `; did you mean ${similar}.json?`;
    yield { subject: "constraints", where: path, message: `no account has this name${meant}` };
  }
}

async function* accountFaults(path: string): AsyncGenerator<FileFault> {
  yield* faultsIn("accounts", path, (text) => {
    const { value, faults } = parseJson(text);
    if (value === undefined) return faults;
    const more = usersFaults(value).map(({ name, message }) => ({
      ...wholeFile(message),
      ...(name === null ? {} : placeOfMember(text, [name])),
    }));
    return [...faults, ...more];
  });
}

/** Checks the current version of each module; a dangling link is a fault, too. */
async function* moduleFaults({ moduleRoot }: Layout): AsyncGenerator<FileFault> {
  for (const { name, isDirectory } of await listFolder(moduleRoot)) {
    if (!isDirectory || !isTenantName(name)) continue;
    const current = join(moduleRoot, name, "current");
    if (await orNull(Deno.lstat(current)) === null) continue;
    const path = join(current, "tenant.json");
    const found = yield* faultsIn("modules", path, (text) => checkTenantJson(text).faults);
    if (!found) yield { subject: "modules", where: path, message: "it does not exist" };
    yield* faultsIn("modules", join(current, "version.json"), (text) => parseJson(text).faults);
    yield* faultsIn("modules", join(current, "declaration.json"), (text) => parseJson(text).faults);
  }
}

/** Yields the faults of a file. @returns whether it exists */
async function* faultsIn(
  subject: FileSubject,
  path: string,
  check: (text: string) => JsonFault[],
): AsyncGenerator<FileFault, boolean> {
  let text: string | null;
  try {
    text = await orNull(Deno.readTextFile(path));
  } catch (error) {
    const isDenied = error instanceof Deno.errors.PermissionDenied;
    yield { subject, where: path, message: isDenied ? "permission is denied" : messageOf(error) };
    return true;
  }
  for (const { line, column, setting, message } of text === null ? [] : check(text)) {
    const where = `${path}:${line}:${column}`;
    yield { subject, where, message: setting === "" ? message : `"${setting}": ${message}` };
  }
  return text !== null;
}

function wholeFile(message: string): JsonFault {
  return { line: 1, column: 1, setting: "", message };
}

function isTexts(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === "string");
}

/** The tenants with an account; null if users.json cannot be read. */
async function tenantsOf({ users }: Layout): Promise<ReadonlySet<string> | null> {
  try {
    return new Set(Object.keys(JSON.parse(await Deno.readTextFile(users))));
  } catch {
    return null;
  }
}

async function* jsonFiles(folder: string): AsyncGenerator<string> {
  for (const { name, isDirectory } of await listFolder(folder).catch(() => [])) {
    if (!isDirectory && /^[^.].*\.json$/.test(name)) yield join(folder, name);
  }
}
