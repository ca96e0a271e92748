import type { Column, ColumnType } from "./column.ts";

/**
 * A table in your keyspace. Partition key and clustering key together identify a row: a row with the
 * key of an existing row replaces it, or is merged with it.
 */
export interface TableDefinition {
  /**
   * The type of each column by its name, or a {@link Column} with options. A name has 1 to 48 of
   * `a-z`, `0-9` and `_`, starting with a letter.
   */
  columns: Readonly<Record<string, ColumnType | Column>>;
  /** The columns that decide in which partition a row is stored. */
  partitionKey: readonly string[];
  /** The columns that order the rows within a partition. @default none */
  clusteringKey?: readonly string[];
  /**
   * What happens to a record with a key that an earlier record of the same file has: its row replaces
   * the earlier one and is counted, it is rejected, or the file is not loaded.
   * @default "replace"
   */
  repeatedKeys?: "replace" | "reject" | "fail";
  /**
   * What a row does with the stored row that has its key. With `"replace"` it replaces it as a whole: a
   * column without a value becomes null. With `"merge"` it changes only the columns to which it gives a
   * value or null: columns that are missing, undefined or blank stay as they are. Not together with
   * `versions: "replace"`.
   * @default "replace"
   */
  onConflict?: "replace" | "merge";
}

/** The text of a fault that the compiler finds in a module: no value has this type. */
export interface Fault<Text extends string> {
  readonly fault: Text;
}

/** The names of a table's columns. */
export type ColumnNames<Table> = Table extends { columns: infer Columns } ? keyof Columns & string
  : string;

/** The names of the columns in a table's key. */
export type KeyNames<Table> =
  | (Table extends { partitionKey: readonly (infer Name)[] } ? Name & string : never)
  | (Table extends { clusteringKey: readonly (infer Name)[] } ? Name & string : never);

type Faults<Names extends PropertyKey, Text extends string> = { [N in Names]: Text };

/**
 * What a table must be: its keys name its own columns, and it has only known settings. Without the
 * last parts, a misspelt setting would be accepted, because the table's type is inferred.
 */
export type CheckedTable<Table> =
  & {
    columns: Table extends { columns: infer Columns }
      ? { readonly [C in keyof Columns]: CheckedColumn<Columns[C]> }
      : TableDefinition["columns"];
    partitionKey: readonly ColumnNames<Table>[];
    clusteringKey?: readonly ColumnNames<Table>[];
    repeatedKeys?: TableDefinition["repeatedKeys"];
    onConflict?: TableDefinition["onConflict"];
  }
  & Faults<Exclude<keyof Table, keyof TableDefinition>, "not a setting of a table">;

/** What a column must be: a type, or a type with the options that it has. */
type CheckedColumn<Declared> = Declared extends { type: infer Type } ? Type extends ColumnType ?
      & Pick<Column, OptionNames<Type>>
      & { type: Type }
      & Faults<
        Exclude<keyof Declared, OptionNames<Type>>,
        `not an option of a column of type ${Type}`
      >
  : Column
  : ColumnType | Column;

type Numeric =
  | "int"
  | "bigint"
  | "smallint"
  | "tinyint"
  | "varint"
  | "double"
  | "float"
  | "decimal";

/** The options of a column of this type. A collection has those of all types, for its elements. */
type OptionNames<Type extends ColumnType> = Type extends `${string}<${string}` ? keyof Column
  :
    | "type"
    | "from"
    | "value"
    | "optional"
    | "null"
    | (Type extends "text" | "ascii" ? "trim" : never)
    | (Type extends Numeric ? "decimal" | "group" : never)
    | (Type extends "date" | "time" | "timestamp" ? "format" : never)
    | (Type extends "timestamp" ? "timeZone" | "clockChange" | "unit" : never)
    | (Type extends "boolean" ? "true" | "false" : never);
