import { Buffer } from "node:buffer";
import {
  type Collection,
  collectionOf,
  type ColumnType,
  physicalOf,
  type TableSpec,
  type Value,
} from "../../batch/column.ts";
import { checkTables, keyOf, quoted } from "../table_rules.ts";
import type { Parameter, Session } from "./session.ts";

/** Maximum number of unanswered queries. */
const IN_FLIGHT = 64;

/** Finds rows by their whole primary keys; a missing table has no rows, a missing column is null. */
export async function lookUpRows(
  session: Session,
  keyspace: string,
  table: TableSpec,
  keys: readonly Value[][],
): Promise<(Value[] | null)[]> {
  checkTables([table]);
  const { rows: columns } = await session.run(
    "SELECT column_name FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?",
    [keyspace, table.name],
  );
  const stored = new Set(columns.map((row) => row["column_name"] as string));
  if (stored.size === 0) return keys.map(() => null);
  const keyColumns = keyOf(table);
  const types = keyColumns.map((key) => table.columns.find(({ name }) => name === key)?.type);
  const read = table.columns.filter(({ name }) => stored.has(name)).map(({ name }) => quoted(name));
  const query = `SELECT ${read.join(", ")} FROM ${quoted(keyspace)}.${quoted(table.name)} WHERE ` +
    keyColumns.map((name) => `${quoted(name)} = ?`).join(" AND ");
  const lookUp = async (key: Value[]): Promise<Value[] | null> => {
    const { rows: [row] } = await session.run(query, key.map((part, i) => bound(part, types[i])));
    if (!row) return null;
    return table.columns.map(({ name, type }) => valueOf(row[name] ?? null, type));
  };
  const found: (Value[] | null)[] = [];
  for (let at = 0; at < keys.length; at += IN_FLIGHT) {
    found.push(...await Promise.all(keys.slice(at, at + IN_FLIGHT).map(lookUp)));
  }
  return found;
}

/** A part of a key in the form that the driver expects. */
function bound(part: Value, type: ColumnType | undefined): Parameter {
  if (part instanceof Uint8Array) return Buffer.from(part);
  if (type === "boolean") return part === 1;
  return type === "bigint" && part !== null ? BigInt(part) : part;
}

/** Converts a value from the driver to its form in a batch. */
function valueOf(read: unknown, type: ColumnType): Value {
  if (read === null) return null;
  const collection = collectionOf(type);
  if (collection !== null) return JSON.stringify(itemsOf(read, collection));
  if (type === "boolean") return read ? 1 : 0;
  if (type === "timestamp") return (read as Date).toISOString();
  const physical = physicalOf(type);
  if (physical === "number") return Number(read);
  return physical === "bytes" ? new Uint8Array(read as Uint8Array) : String(read);
}

function itemsOf(read: unknown, { kind, elements }: Collection): unknown[] {
  const [first = "text", second = "text"] = elements;
  const item = (value: unknown, type: ColumnType) => {
    if (type === "boolean") return value;
    const plain = valueOf(value, type);
    return plain instanceof Uint8Array ? `0x${plain.toHex()}` : plain;
  };
  if (kind !== "map") return (read as unknown[]).map((value) => item(value, first));
  return Object.entries(read as object)
    .map(([key, value]) => [item(key, first), item(value, second)]);
}
