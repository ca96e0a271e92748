import { z } from "zod";
import { Failure } from "../base/failure.ts";
import { placeOfMember, placeOfSyntaxError } from "./json_place.ts";
import type { Config } from "./schema.ts";
import type { Place } from "./toml_file.ts";

const ENTRY = 'expected a .ts, .js or .wasm file in the folder, for example "ingest.ts", ' +
  'or {"exec": ["python3", "ingest.py"]}';
const relativePath = z.string().regex(/^(?!.*(^|\/)\.{0,2}(\/|$))[^\\\0]+\.(ts|js|wasm)$/, ENTRY);
// The kernel limits the length and accepts no NUL; other control characters are not useful.
const ARGUMENT = /^\P{Cc}{1,1000}$/u;
const ARGUMENT_WANTED = "expected an argument of 1 to 1,000 characters, no control characters";
/** A native program: an interpreter and its arguments. */
const execEntry = z.strictObject({
  exec: z.array(z.string().regex(ARGUMENT, ARGUMENT_WANTED), ENTRY).min(2, ENTRY).max(50),
});
const tableName = z.string().regex(
  /^[a-z][a-z0-9_]{0,47}$/,
  "expected a table name: 1 to 48 characters a-z, 0-9 and _, starting with a letter",
);
const host = z.string().regex(
  /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/i,
  'expected a host, for example "api.example.com:443"',
);

const secretName = z.string().regex(
  /^[A-Za-z][A-Za-z0-9_]{0,63}$/,
  "expected a secret name: 1 to 64 letters, digits and _, starting with a letter",
);

const permissionsSchema = z.strictObject({
  /** Tables that the module can write. */
  write: z.array(tableName).default([]),
  /** Tables that it can read. */
  read: z.array(tableName).default([]),
  /** Hosts that it can connect to. */
  net: z.array(host).default([]),
  /** Secrets that it can read. */
  secrets: z.array(secretName).default([]),
});

const limitsSchema = z.strictObject({
  /** Memory of its process, in MiB. */
  memoryMb: z.int().min(64).default(256),
  secondsPerFile: z.number().positive().max(86_400).default(300),
  /** From 0 to 1; a file with a larger share is quarantined and none of its rows are stored. */
  rejectShare: z.number().min(0).max(1).default(0.01),
});

/** A tenant.json: the module has only the permissions listed here. */
const tenantJsonSchema = z.strictObject({
  /** The module's file, relative to tenant.json; or the command that runs a native program. */
  entry: z.union([relativePath, execEntry], { error: ENTRY }).default("ingest.ts"),
  permissions: permissionsSchema.prefault({}),
  limits: limitsSchema.prefault({}),
});

export type TenantJson = z.infer<typeof tenantJsonSchema>;
export type Entry = TenantJson["entry"];
type Limits = TenantJson["limits"];
export type Permissions = TenantJson["permissions"];

/**
 * Parses a tenant.json. Unknown keys are refused, so that a misspelled limit is noticed.
 *
 * @param file the file's path, for messages
 * @throws {Failure} `bad-tenant-json` with file, line, column and the path of the key
 *
 * @example
 * ```ts
 * import { parseTenantJson } from "./tenant_json.ts";
 * parseTenantJson('{"permissions":{"write":["strikes"]}}', "tenant.json").limits.memoryMb; // 256
 * ```
 */
export function parseTenantJson(text: string, file: string): TenantJson {
  const parsed = tenantJsonSchema.safeParse(parseJson(text, file));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  let path = issue?.path ?? [];
  let state = issue?.message.replace(/^Invalid input: /, "") ?? "it is invalid";
  if (issue?.code === "unrecognized_keys") {
    state = `unknown setting; allowed are ${keysAt(path).join(", ")}`;
    path = [...path, issue.keys[0] ?? ""];
  }
  throw badTenantJson(file, state, placeOfMember(text, path), path);
}

/** Returns the file name of a module's entry, for messages; for a native program, its script. */
export function entryName(entry: Entry): string {
  return typeof entry === "string" ? entry : entry.exec[1] ?? "";
}

/**
 * Returns a module's limits, capped by the operator's.
 *
 * @param caps the operator's `[sandbox]` settings
 */
export function capLimits(limits: Limits, caps: Config["sandbox"]): Limits {
  return {
    memoryMb: Math.min(limits.memoryMb, caps.memory_mb),
    secondsPerFile: Math.min(limits.secondsPerFile, caps.seconds_per_file),
    rejectShare: Math.min(limits.rejectShare, caps.reject_share),
  };
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badTenantJson(file, "it is not JSON", placeOfSyntaxError(text), []);
  }
}

function keysAt(path: readonly PropertyKey[]): string[] {
  if (path[0] === "permissions") return Object.keys(permissionsSchema.shape);
  if (path[0] === "limits") return Object.keys(limitsSchema.shape);
  return Object.keys(tenantJsonSchema.shape);
}

function badTenantJson(
  file: string,
  state: string,
  place: Place | null,
  path: readonly PropertyKey[],
): Failure {
  const where = place ? `${file}:${place.line}:${place.column}` : file;
  const setting = path.map(String).join(".");
  const thing = setting === "" ? `"${where}"` : `"${setting}" in "${where}"`;
  return new Failure("usage", "bad-tenant-json", `Cannot use ${thing}: ${state}`, {
    hint: "Correct tenant.json; docs/module-guide.md describes all settings.",
    details: { file, ...place, ...(setting === "" ? {} : { setting }) },
  });
}
