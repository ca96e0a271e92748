import { type Client, types } from "cassandra-driver";
import { Failure, messageOf } from "../../../base/failure.ts";
import {
  collectionOf,
  type ColumnType,
  type ScalarType,
  type TableSpec,
} from "../../../batch/column.ts";
import { keyOf, quoted } from "../../table_rules.ts";
import { isInvalid, writeFailure } from "../errors.ts";
import { prepare } from "./encoded_request.ts";
import { keyFirst } from "./row_encoder.ts";

const { dataTypes } = types;

/** What a statement does with rows; `delete` needs only their keys. */
export type Verb = "insert" | "delete";

/**
 * Prepares the statement for a table and compares the types of its columns with the declaration: bytes
 * of another type would be stored as a wrong value, or delete another row.
 *
 * @returns the statement's id
 * @throws {Failure} `table-mismatch`, or the {@link writeFailure} of the driver's error
 */
export async function prepareFor(
  verb: Verb,
  client: Client,
  keyspace: string,
  table: TableSpec,
): Promise<Uint8Array> {
  const columns = verb === "insert" ? keyFirst(table) : keyOf(table);
  const name = `${quoted(keyspace)}.${quoted(table.name)}`;
  const query = verb === "insert" ? insertInto(name, columns) : deleteFrom(name, columns);
  const { queryId, meta } = await prepare(client, query).catch((error: unknown) => {
    throw isInvalid(error)
      ? changed(table, messageOf(error))
      : writeFailure(error, table.name, keyspace);
  });
  for (const [i, name] of columns.entries()) {
    const { type } = table.columns.find((column) => column.name === name)!;
    if (!isColumnType(meta.columns[i]!.type, type)) {
      throw changed(table, `its column "${name}" is no longer ${type}`);
    }
  }
  return queryId;
}

function insertInto(table: string, columns: readonly string[]): string {
  const marks = columns.map(() => "?").join(",");
  return `INSERT INTO ${table} (${columns.map(quoted).join(",")}) VALUES (${marks})`;
}

function deleteFrom(table: string, key: readonly string[]): string {
  return `DELETE FROM ${table} WHERE ${key.map((name) => `${quoted(name)}=?`).join(" AND ")}`;
}

/** A type in the protocol; `info` has the types of a collection's elements. */
interface WireType {
  code: number;
  info?: unknown;
}

function isColumnType({ code, info }: WireType, type: ColumnType): boolean {
  const collection = collectionOf(type);
  if (collection === null) return isType(code, type as ScalarType);
  const elements = (Array.isArray(info) ? info : [info]) as (WireType | null | undefined)[];
  return code === dataTypes[collection.kind] &&
    collection.elements.every((element, i) => isType(elements[i]?.code ?? -1, element));
}

/** The protocol has two codes for text, and durations can be a custom type. */
function isType(code: number, type: ScalarType): boolean {
  if (type === "text") return code === dataTypes.varchar || code === dataTypes.text;
  if (type === "duration") return code === dataTypes.duration || code === dataTypes.custom;
  return code === dataTypes[type];
}

function changed(table: TableSpec, difference: string): Failure {
  const text = `Cannot write rows of table "${table.name}": ${difference}`;
  return new Failure("storage", "table-mismatch", text, {
    hint: "The table was changed outside of mysimbdp. Change it back.",
  });
}
