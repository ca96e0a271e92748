import { z } from "zod";
import { csv } from "../../sdk/csv.ts";
import type { Format } from "../../sdk/format.ts";
import {
  collectionOf,
  type ColumnSpec,
  parseColumnType,
  SCALAR_TYPES,
  type TableSpec,
} from "../../batch/column.ts";
import { Failure } from "../../base/failure.ts";
import { columnFault } from "../../batch/column_fault.ts";
import { COLUMN_OPTIONS } from "./column_options.ts";
import { type DeclaredFault, faultsOfIssues, faultText, suggestion } from "./declared_faults.ts";
import { formatOptionNames, formatSchema } from "./format_options.ts";
import { sourceFaults } from "./source_faults.ts";

/** A module's declaration, checked. */
export interface Declaration {
  /** File name patterns with `*` and `?`. */
  files: string[];
  /** Patterns of the files within an archive; without them, `files` apply. */
  entries?: string[];
  format: DeclaredFormat;
  tables: TableSpec[];
  /** Whether a file is loaded although nothing of it is stored. */
  allowEmpty: boolean;
  /** Whether a new version of a file replaces the rows of the earlier ones. */
  versions: "add" | "replace";
  /** Without `row`, each record becomes a row of the only table that the module writes. */
  hasRow: boolean;
}

/** The format of a module that is a program: it reads the file itself. */
interface ProgramFormat {
  readonly kind: "program";
  readonly options: Record<never, never>;
}

export type DeclaredFormat = Format | ProgramFormat;

export const PROGRAM_FORMAT: ProgramFormat = { kind: "program", options: {} };

/** All invalid parts of a declaration. */
export class DeclarationFault extends Failure {
  readonly faults: DeclaredFault[];

  constructor(faults: DeclaredFault[]) {
    const text = faults.map(faultText).join("; ");
    super("usage", "bad-declaration", `Cannot use the module: ${text}`);
    this.faults = faults;
  }
}

const IDENTIFIER = /^[a-z][a-z0-9_]{0,47}$/;
const identifier = z.string().regex(IDENTIFIER, {
  error: "a name starts with a lower-case letter, followed by lower-case letters, digits and _ " +
    "(maximum: 48 characters)",
});
const columnType = z.string().transform((text, context) => {
  const type = parseColumnType(text);
  if (type !== null) return type;
  const scalars = SCALAR_TYPES.map((each) => `"${each}"`).join(", ");
  context.addIssue(
    `expected one of ${scalars}, or a list<…>, set<…> or map<…, …> of these (duration is not ` +
      "allowed in a set or as the key of a map)",
  );
  return z.NEVER;
});

const column = z.union([
  columnType.transform((type): Omit<ColumnSpec, "name"> => ({ type })),
  z.strictObject({ type: columnType, ...COLUMN_OPTIONS })
    .transform(({ type, ...options }): Omit<ColumnSpec, "name"> => ({ type, options })),
]);

const tableSchema = z.strictObject({
  columns: z.record(identifier, column),
  partitionKey: z.array(z.string()).min(1),
  clusteringKey: z.array(z.string()).default([]),
  repeatedKeys: z.enum(["replace", "reject", "fail"]).optional(),
  onConflict: z.enum(["replace", "merge"]).optional(),
});

const patterns = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

const declarationSchema = z.strictObject({
  files: patterns,
  entries: patterns.optional(),
  format: formatSchema,
  tables: z.record(identifier, tableSchema),
  allowEmpty: z.boolean().default(false),
  versions: z.enum(["add", "replace"]).default("add"),
  hasRow: z.boolean().default(true),
});

/**
 * Checks a sandbox's reply to `describe`.
 *
 * @throws {DeclarationFault} with all faults
 */
export function parseDeclaration(declared: unknown): Declaration {
  const { success, data, error } = declarationSchema.safeParse(declared);
  if (!success) {
    throw new DeclarationFault([
      ...faultsOfIssues(error.issues, knownNames(declared)),
      ...tableFaults(declared),
    ]);
  }
  const tables = Object.entries(data.tables).map(([name, table]) => tableSpec(name, table));
  const { allowEmpty, versions, hasRow } = data;
  const format = data.format.kind === "csv" ? csv(data.format.options) : data.format;
  const faults = tables.length === 0
    ? [{ path: ["tables"], message: "must name at least one table" }]
    : [
      ...tables.flatMap(faultsOfTable),
      ...mergeFaults(tables, versions),
      ...sourceFaults({ format, tables, hasRow }),
    ];
  if (faults.length > 0) throw new DeclarationFault(faults);
  return {
    files: [data.files].flat(),
    ...(data.entries !== undefined && { entries: [data.entries].flat() }),
    format,
    tables,
    allowEmpty,
    versions,
    hasRow,
  };
}

/** The names of settings and options by the path to their object. */
function knownNames(declared: unknown): (path: readonly string[]) => string[] {
  const { data } = z.looseObject({ format: z.looseObject({ kind: z.string() }) })
    .safeParse(declared);
  return ([part, , columns]) => {
    if (part === undefined) return Object.keys(declarationSchema.shape);
    if (part === "format") return formatOptionNames(data?.format.kind);
    return columns === undefined
      ? Object.keys(tableSchema.shape)
      : ["type", ...Object.keys(COLUMN_OPTIONS)];
  };
}

const looseTables = z.looseObject({ tables: z.record(z.string(), z.unknown()) });
const looseTable = z.looseObject({
  columns: z.record(z.string(), z.unknown()),
  partitionKey: z.array(z.string()),
  clusteringKey: z.array(z.string()).default([]),
});

/** The faults in keys and options that can be found in a declaration with other faults. */
function tableFaults(declared: unknown): DeclaredFault[] {
  const { data } = looseTables.safeParse(declared);
  return Object.entries(data?.tables ?? {}).flatMap(([name, given]) => {
    const { data: table } = looseTable.safeParse(given);
    if (!table) return [];
    const columns = Object.entries(table.columns).map(([name, spec]) => {
      return { name, ...(column.safeParse(spec).data ?? UNKNOWN) };
    });
    return faultsOfTable({ ...table, name, columns });
  });
}

/** Stands for a column that is invalid. */
const UNKNOWN = { type: "text" } as const;

function tableSpec(name: string, table: z.infer<typeof tableSchema>): TableSpec {
  const columns = Object.entries(table.columns).map(([name, spec]) => ({ name, ...spec }));
  return { ...table, name, columns };
}

function faultsOfTable(table: TableSpec): DeclaredFault[] {
  return [...keyFaults(table), ...optionFaults(table)];
}

/** A merged row has values of several files, so that those of one version cannot be removed. */
function mergeFaults(tables: readonly TableSpec[], versions: Declaration["versions"]) {
  if (versions !== "replace") return [];
  return tables.filter(({ onConflict }) => onConflict === "merge").map(({ name }) => ({
    path: ["tables", name, "onConflict"],
    message: '"merge" does not work with versions: "replace", which removes rows as a whole',
  }));
}

function optionFaults({ name: table, columns }: TableSpec): DeclaredFault[] {
  return columns.flatMap(({ name, type, options }) => {
    const fault = options && columnFault(type, options);
    if (!fault) return [];
    return [{ path: ["tables", table, "columns", name, fault.option], message: fault.reason }];
  });
}

function keyFaults(table: TableSpec): DeclaredFault[] {
  const seen = new Set<string>();
  return (["partitionKey", "clusteringKey"] as const).flatMap((part) =>
    table[part].flatMap((key, i) => {
      const reason = keyFault(table, key, seen);
      seen.add(key);
      if (reason === null) return [];
      const path = ["tables", table.name, part, String(i)];
      return [{ path, message: `"${key}" ${reason}` }];
    })
  );
}

function keyFault({ columns }: TableSpec, key: string, seen: ReadonlySet<string>): string | null {
  const column = columns.find(({ name }) => name === key);
  if (column === undefined) {
    return `is not one of the table's columns${suggestion(key, columns.map(({ name }) => name))}`;
  }
  if (seen.has(key)) return "appears twice in the key";
  if (collectionOf(column.type) === null) return null;
  return "is a collection, which is not allowed in a key";
}
