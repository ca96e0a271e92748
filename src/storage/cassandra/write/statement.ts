import { type Client, errors, types } from "cassandra-driver";
import { Failure, messageOf } from "../../../base/failure.ts";
import {
  collectionOf,
  type ColumnType,
  type ScalarType,
  type TableSpec,
} from "../../../batch/column.ts";
import { prepare } from "./encoded_request.ts";
import { writeFailure } from "./faults.ts";

const { dataTypes } = types;

/**
 * Prepares the INSERT for a table and holds the types of its columns against the declaration: what
 * is sent is bytes, and bytes for another type would be stored as something else.
 *
 * @param columns in the order of a row's values
 * @returns the statement's id
 * @throws {Failure} `table-mismatch`, or what {@link writeFailure} makes of the driver's error
 */
export async function prepareInsert(
  client: Client,
  keyspace: string,
  table: TableSpec,
  columns: readonly string[],
): Promise<Uint8Array> {
  const names = columns.map(quoted).join(",");
  const marks = columns.map(() => "?").join(",");
  const query = `INSERT INTO ${quoted(keyspace)}.${
    quoted(table.name)
  } (${names}) VALUES (${marks})`;
  const { queryId, meta } = await prepare(client, query).catch((thrown: unknown) => {
    const isInvalid = thrown instanceof errors.ResponseError &&
      thrown.code === types.responseErrorCodes.invalid;
    throw isInvalid ? changed(table, messageOf(thrown)) : writeFailure(thrown, table.name);
  });
  for (const [i, name] of columns.entries()) {
    const { type } = table.columns.find((column) => column.name === name)!;
    if (!isColumnType(meta.columns[i]!.type, type)) {
      throw changed(table, `its column "${name}" is no longer ${type}`);
    }
  }
  return queryId;
}

/** A type as the protocol describes it; of a collection `info` is that of its elements. */
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

/** The protocol has two codes for text, and durations come as a type of their own class. */
function isType(code: number, type: ScalarType): boolean {
  if (type === "text") return code === dataTypes.varchar || code === dataTypes.text;
  if (type === "duration") return code === dataTypes.duration || code === dataTypes.custom;
  return code === dataTypes[type];
}

function changed(table: TableSpec, state: string): Failure {
  return new Failure(
    "storage",
    "table-mismatch",
    `Cannot write rows of table "${table.name}": ${state}`,
    { hint: "Somebody changed the table beside the program; change it back." },
  );
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
