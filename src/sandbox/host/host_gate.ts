import type { Permissions } from "../../config/tenant_json.ts";
import { Failure } from "../../base/failure.ts";
import type { TableSpec, Value } from "../../batch/column.ts";
import { type Converter, converterOf } from "../../batch/convert.ts";
import type { Answerer, Ask, FoundRow, Grants, Lookup } from "../wire/host_messages.ts";
import type { Outbound } from "./outbound.ts";

/** Reads rows by their keys, of one tenant's keyspace. */
type LookUp = (table: TableSpec, keys: Value[][]) => Promise<(Value[] | null)[]>;

/** What a module was given for one file. */
interface GateParts {
  permissions: Permissions;
  /** The tables that the module declares. */
  tables: readonly TableSpec[];
  lookUp: LookUp;
  outbound: Outbound;
}

/** Characters of rows in one answer. */
const MAX_ANSWER_CHARS = 16 * 1024 * 1024;

/**
 * The permissions of a module as its sandbox is told of them.
 * @param secrets what the operator has given the tenant
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

/** The tables that a module may write: those that it declares and only reads are left out. */
export function writableTables(tables: TableSpec[], { write }: Permissions): TableSpec[] {
  return tables.filter(({ name }) => write.includes(name));
}

/**
 * Answers what a module asks of the host. The sandbox has checked the permissions already; here they
 * are checked again, for it may have been taken over.
 */
export function hostGate(parts: GateParts): Answerer {
  return async ({ lookups, fetches }: Ask) => ({
    lookups: await Promise.all(lookups.map((lookup) => answerLookup(parts, lookup))),
    fetches: await Promise.all(fetches.map((outgoing) => {
      return parts.outbound.request(outgoing, parts.permissions.net);
    })),
  });
}

async function answerLookup(
  { permissions, tables, lookUp }: GateParts,
  { table: name, keys }: Lookup,
): Promise<{ rows: FoundRow[] } | { error: string }> {
  const table = tables.find((one) => one.name === name);
  if (!permissions.read.includes(name) || !table) {
    throw new Failure(
      "refused",
      "sandbox-forged",
      `Cannot trust the sandbox: it asked for the table "${name}", which it may not read`,
    );
  }
  const columns = [...table.partitionKey, ...table.clusteringKey];
  if (keys.some((key) => key.length !== columns.length)) {
    return { error: `the key of "${name}" is ${columns.join(", ")}: give a value for each` };
  }
  const convert = columns.map((column) => converterIn(table, column));
  const converted = keys.map((key) => convertKey(convert, key));
  const possible = converted.filter((key) => key !== null);
  const found = possible.length > 0 ? await lookUp(table, possible) : [];
  let next = 0;
  const rows = converted.map((key) => key === null ? null : rowOf(table, found[next++] ?? null));
  if (JSON.stringify(rows).length > MAX_ANSWER_CHARS) {
    return { error: `the rows of "${name}" are too large to be looked up` };
  }
  return { rows };
}

function converterIn(table: TableSpec, name: string): Converter {
  const column = table.columns.find((one) => one.name === name);
  return converterOf(column?.type ?? "text");
}

/** A key in the form in which it is stored; null for one that no row can have. */
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
