import type { NameOptions } from "../../sdk/file_format.ts";
import type { ColumnSpec, ColumnType, TableSpec } from "../../batch/column.ts";
import type { DeclaredFault } from "./declared_faults.ts";

/** The parts of a declaration that name columns. */
interface Named {
  format: { options: NameOptions };
  tables: TableSpec[];
  hasRow: boolean;
}

/** The types of columns that can hold a fact about a record. */
const FACT_TYPES: Readonly<Record<string, readonly ColumnType[]>> = {
  rowId: ["uuid", "text", "ascii"],
  line: ["int", "bigint", "varint", "text", "ascii"],
  fileName: ["text"],
  entryName: ["text"],
};

/** Faults in what a module says about the columns of its files. */
export function sourceFaults({ format, tables, hasRow }: Named): DeclaredFault[] {
  const ofColumns = tables.flatMap((table) =>
    table.columns.flatMap((column) =>
      columnFaults(table, column, hasRow).map(([option, message]) => {
        return { path: ["tables", table.name, "columns", column.name, option], message };
      })
    )
  );
  const ofNames = nameFaults(format.options, hasRow).map(([option, message]) => {
    return { path: ["format", "options", option], message };
  });
  return [...ofColumns, ...ofNames];
}

type OptionFault = [option: string, message: string];

function columnFaults(
  { partitionKey, clusteringKey }: TableSpec,
  { name, type, options = {} }: ColumnSpec,
  hasRow: boolean,
): OptionFault[] {
  const { from, value, optional } = options;
  if (hasRow) {
    return Object.entries({ from, value, optional }).flatMap(([option, given]) =>
      given === undefined ? [] : [[option, "is only for modules without `row`"]]
    );
  }
  const faults: OptionFault[] = [];
  if (optional && [...partitionKey, ...clusteringKey].includes(name)) {
    faults.push(["optional", "a column of the key cannot be optional"]);
  }
  if (value === undefined) return faults;
  const types = FACT_TYPES[value]!;
  if (!types.includes(type)) faults.push(["value", `"${value}" is ${types.join(" or ")}`]);
  if (from !== undefined) faults.push(["from", 'a column has either "from" or "value"']);
  if (optional) faults.push(["optional", 'a column with "value" is never missing']);
  return faults;
}

function nameFaults(options: NameOptions, hasRow: boolean): OptionFault[] {
  const { columns, optional = [], aliases = {}, newColumns } = options;
  const faults: OptionFault[] = [];
  if (!hasRow && columns) {
    faults.push(["columns", "is only for modules with `row`: the table has the names"]);
  }
  if (hasRow && newColumns === "refuse" && !columns) {
    faults.push(["newColumns", 'needs "columns": the platform does not know what `row` reads']);
  }
  const known = columns && [...columns, ...optional];
  for (const name of Object.keys(aliases)) {
    if (hasRow && known && !known.includes(name)) {
      faults.push(["aliases", `"${name}" is neither in "columns" nor in "optional"`]);
    }
  }
  return faults;
}
