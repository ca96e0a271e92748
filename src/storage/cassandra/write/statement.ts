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
import { prepare, type Statements } from "./encoded_request.ts";
import { keyFirst } from "./row_encoder.ts";

const { dataTypes } = types;

/** What a statement does with rows; `delete` needs only their keys. */
export type Verb = "insert" | "delete";

/**
 * Prepares the statements for a table and compares the types of its columns with the declaration: bytes
 * of another type would be stored as a wrong value, or delete another row.
 *
 * @param isWider whether the table has columns that are not declared
 * @throws {Failure} `table-mismatch`, or the {@link writeFailure} of the driver's error
 */
export async function prepareFor(
  verb: Verb,
  client: Client,
  keyspace: string,
  table: TableSpec,
  isWider = false,
): Promise<Statements> {
  const key = keyOf(table);
  const columns = verb === "insert" ? keyFirst(table) : key;
  const name = `${quoted(keyspace)}.${quoted(table.name)}`;
  const query = verb === "insert" ? insertInto(name, columns) : deleteFrom(name, key);
  const deletes = verb === "insert" && table.onConflict !== "merge" &&
    (isWider || columns.length > key.length);
  const [{ queryId, meta }, deletion] = await Promise.all([
    prepare(client, query),
    deletes ? prepare(client, deleteFrom(name, key, "USING TIMESTAMP ?")) : null,
  ]).catch((error: unknown) => {
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
  return {
    row: queryId,
    deletion: deletion && { id: deletion.queryId, keyColumns: key.length, forAll: isWider },
  };
}

function insertInto(table: string, columns: readonly string[]): string {
  const marks = columns.map(() => "?").join(",");
  return `INSERT INTO ${table} (${columns.map(quoted).join(",")}) VALUES (${marks})`;
}

function deleteFrom(table: string, key: readonly string[], using = ""): string {
  const where = key.map((name) => `${quoted(name)}=?`).join(" AND ");
  return `DELETE FROM ${table} ${using} WHERE ${where}`;
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
