import { z } from "zod";
import { Failure } from "../base/failure.ts";
import { type JsonFault, parseJson, schemaFaults } from "./json_fault.ts";
import type { Config } from "./schema.ts";

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
  /** Tables that the module can write; by default those that it declares and does not read. */
  write: z.array(tableName).optional(),
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
  /** By default it grows with the file. */
  secondsPerFile: z.number().positive().max(86_400).optional(),
  /** From 0 to 1; a file with a larger share is quarantined and none of its rows are stored. */
  rejectShare: z.number().min(0).max(1).default(0.01),
});

/** A tenant.json: a module can only read, connect to and know what is named here. */
const tenantJsonSchema = z.strictObject({
  /** The module's file, relative to tenant.json; or the command that runs a native program. */
  entry: z.union([relativePath, execEntry], { error: ENTRY }).default("ingest.ts"),
  permissions: permissionsSchema.prefault({}),
  limits: limitsSchema.prefault({}),
});

/** A tenant.json as its author wrote it, with defaults. */
export type AuthoredTenantJson = z.infer<typeof tenantJsonSchema>;
export type Entry = AuthoredTenantJson["entry"];
type Limits = AuthoredTenantJson["limits"];
/** What a module may do. */
export type Permissions = AuthoredTenantJson["permissions"] & { write: string[] };
/** The settings of a built module: what it may write is listed. */
export type TenantJson = Omit<AuthoredTenantJson, "permissions"> & { permissions: Permissions };

/** A checked tenant.json. */
export interface CheckedTenantJson {
  /** Null if the text has faults. */
  tenantJson: AuthoredTenantJson | null;
  /** The module's entry, if at least that is valid. */
  entry: Entry | null;
  faults: JsonFault[];
}

/**
 * Checks a tenant.json and reports all its faults. Unknown keys are faults, so that a misspelled limit
 * is noticed.
 *
 * @example
 * ```ts
 * import { checkTenantJson } from "./tenant_json.ts";
 * checkTenantJson('{"limits":{"memoryMB":5}}').faults[0]?.setting; // "limits.memoryMB"
 * ```
 */
export function checkTenantJson(text: string): CheckedTenantJson {
  const { value: json, faults: textFaults } = parseJson(text);
  if (json === undefined) return { tenantJson: null, entry: null, faults: textFaults };
  const parsed = tenantJsonSchema.safeParse(json);
  if (parsed.success && textFaults.length === 0) {
    return { tenantJson: parsed.data, entry: parsed.data.entry, faults: [] };
  }
  const given = typeof json === "object" && json !== null && "entry" in json
    ? json.entry
    : undefined;
  const entry = tenantJsonSchema.shape.entry.safeParse(given);
  const faults = [...textFaults, ...schemaFaults(parsed.error, text, keysAt)];
  return { tenantJson: null, entry: entry.data ?? null, faults };
}

/**
 * Parses the tenant.json of a built module.
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
  const { tenantJson, faults: [fault] } = checkTenantJson(text);
  if (tenantJson === null) throw badTenantJson(file, fault);
  return withTables(tenantJson, []);
}

/**
 * Completes a tenant.json for a module that declares these tables: unless it lists the tables that the
 * module writes, these are the declared ones without those that it reads.
 */
export function withTables(
  { permissions, ...settings }: AuthoredTenantJson,
  declared: readonly string[],
): TenantJson {
  const write = permissions.write ??
    declared.filter((name) => !permissions.read.includes(name));
  return { ...settings, permissions: { ...permissions, write } };
}

/** Returns the file name of a module's entry, for messages; for a native program, its script. */
export function entryName(entry: Entry): string {
  return typeof entry === "string" ? entry : entry.exec[1] ?? "";
}

/**
 * Returns a module's limits, capped by the operator's; the one on time also depends on the file.
 *
 * @param caps the operator's `[sandbox]` settings
 */
export function capLimits(
  limits: Limits,
  caps: Config["sandbox"],
): Omit<Limits, "secondsPerFile"> {
  return {
    memoryMb: Math.min(limits.memoryMb, caps.memory_mb),
    rejectShare: Math.min(limits.rejectShare, caps.reject_share),
  };
}

function keysAt(path: readonly PropertyKey[]): string[] {
  if (path[0] === "permissions") return Object.keys(permissionsSchema.shape);
  if (path[0] === "limits") return Object.keys(limitsSchema.shape);
  return Object.keys(tenantJsonSchema.shape);
}

function badTenantJson(file: string, fault: JsonFault | undefined): Failure {
  const { line = 1, column = 1, setting = "", message = "it is invalid" } = fault ?? {};
  const where = `${file}:${line}:${column}`;
  const thing = setting === "" ? `"${where}"` : `"${setting}" in "${where}"`;
  return new Failure("usage", "bad-tenant-json", `Cannot use ${thing}: ${message}`, {
    hint: "Correct tenant.json; docs/module-guide.md describes all settings.",
    details: { file, line, column, ...(setting === "" ? {} : { setting }) },
  });
}
