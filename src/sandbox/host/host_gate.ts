import type { Permissions } from "../../config/tenant_json.ts";
import { Failure } from "../../base/failure.ts";
import type { TableSpec, Value } from "../../batch/column.ts";
import { type Converter, converterOf } from "../../batch/convert.ts";
import type {
  FoundRow,
  Grants,
  HostRequest,
  HostRequestHandler,
  Lookup,
} from "../wire/host_messages.ts";
import type { Outbound } from "./outbound.ts";

/** Reads rows of one tenant by their keys. */
type ReadRows = (table: TableSpec, keys: Value[][]) => Promise<(Value[] | null)[]>;

/** What the host needs to answer a module's requests while one file runs. */
interface HostGateDeps {
  permissions: Permissions;
  /** The tables that the module declares. */
  tables: readonly TableSpec[];
  lookUp: ReadRows;
  outbound: Outbound;
}

/** Maximum size of the rows in one response, in characters. */
const MAX_RESPONSE_CHARS = 16 * 1024 * 1024;

/**
 * A module's permissions, as they are sent to its sandbox.
 * @param secrets the secrets that the operator has set for the tenant
 */
export function grantsOf(
  { read, net, secrets: declared }: Permissions,
  secrets: Readonly<Record<string, string>>,
): Grants {
  return {
    read,
    net,
    secrets: Object.fromEntries(declared.map((name) => [name, secrets[name] ?? null])),
  };
}

/** The declared tables that a module may write, without those that it only reads. */
export function writableTables(tables: TableSpec[], { write }: Permissions): TableSpec[] {
  return tables.filter(({ name }) => write.includes(name));
}

/**
 * Answers a module's requests to the host. The sandbox has already checked the permissions; they are
 * checked again here because a sandbox can be taken over.
 */
export function hostGate(deps: HostGateDeps): HostRequestHandler {
  return async ({ lookups, fetches }: HostRequest) => ({
    lookups: await Promise.all(lookups.map((lookup) => answerLookup(deps, lookup))),
    fetches: await Promise.all(fetches.map((request) => {
      return deps.outbound.request(request, deps.permissions.net);
    })),
  });
}

async function answerLookup(
  { permissions, tables, lookUp }: HostGateDeps,
  { table: name, keys }: Lookup,
): Promise<{ rows: FoundRow[] } | { error: string }> {
  const table = tables.find((one) => one.name === name);
  if (!permissions.read.includes(name) || !table) {
    throw new Failure(
      "refused",
      "sandbox-forged",
      `Cannot trust the sandbox: it requested the table "${name}" without permission to read it`,
    );
  }
  const columns = [...table.partitionKey, ...table.clusteringKey];
  if (keys.some((key) => key.length !== columns.length)) {
    return { error: `the key of "${name}" is ${columns.join(", ")}: pass a value for each column` };
  }
  const convert = columns.map((column) => converterIn(table, column));
  const converted = keys.map((key) => convertKey(convert, key));
  const possible = converted.filter((key) => key !== null);
  const found = possible.length > 0 ? await lookUp(table, possible) : [];
  let next = 0;
  const rows = converted.map((key) => key === null ? null : rowOf(table, found[next++] ?? null));
  if (JSON.stringify(rows).length > MAX_RESPONSE_CHARS) {
    return {
      error: `the rows of "${name}" are too large for one response: look up fewer keys at once`,
    };
  }
  return { rows };
}

function converterIn(table: TableSpec, name: string): Converter {
  const column = table.columns.find((one) => one.name === name);
  return converterOf(column?.type ?? "text", column?.options);
}

/** A key converted to its columns' types; null if no row can have it. */
function convertKey(convert: Converter[], key: unknown[]): Value[] | null {
  try {
    const values = key.map((part, i) => convert[i]!(part));
    return values.includes(null) ? null : values;
  } catch {
    return null;
  }
}

function rowOf(table: TableSpec, values: Value[] | null): FoundRow {
  if (values === null) return null;
  return Object.fromEntries(table.columns.map(({ name, type }, i) => {
    const value = values[i] ?? null;
    if (value instanceof Uint8Array) return [name, `0x${value.toHex()}`];
    return [name, type === "boolean" && value !== null ? value === 1 : value];
  }));
}
