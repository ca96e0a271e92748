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
import { formatSchema } from "./format_options.ts";

/** A module's declaration, checked. */
export interface Declaration {
  /** File name patterns with `*` and `?`. */
  files: string[];
  /** Patterns of the files within an archive; without them, `files` apply. */
  entries?: string[];
  format: DeclaredFormat;
  tables: TableSpec[];
}

/** The format of a module that is a program: it reads the file itself. */
interface ProgramFormat {
  readonly kind: "program";
  readonly options: Record<never, never>;
}

export type DeclaredFormat = Format | ProgramFormat;

export const PROGRAM_FORMAT: ProgramFormat = { kind: "program", options: {} };

/** An invalid part of a declaration; `path` leads to it. */
export class DeclarationFault extends Failure {
  readonly path: string[];

  constructor(path: string[], message: string) {
    super(
      "usage",
      "bad-declaration",
      `Cannot use the module: ${path.join(".") || "its declaration"}: ${message}`,
    );
    this.path = path;
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
});

const patterns = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

const declarationSchema = z.strictObject({
  files: patterns,
  entries: patterns.optional(),
  format: formatSchema,
  tables: z.record(identifier, tableSchema),
});

/**
 * Checks a sandbox's reply to `describe`.
 *
 * @throws {DeclarationFault}
 */
export function parseDeclaration(declared: unknown): Declaration {
  const { success, data, error } = declarationSchema.safeParse(declared);
  if (!success) {
    const issue = error.issues[0];
    // For an invalid name, zod nests the actual reason.
    const reason = issue?.code === "invalid_key" ? issue.issues[0]?.message : issue?.message;
    throw new DeclarationFault(issue?.path.map(String) ?? [], reason ?? "is not valid");
  }
  const tables = Object.entries(data.tables).map(([name, table]): TableSpec => ({
    name,
    columns: Object.entries(table.columns).map(([column, spec]) => ({ name: column, ...spec })),
    partitionKey: table.partitionKey,
    clusteringKey: table.clusteringKey,
  }));
  if (tables.length === 0) throw new DeclarationFault(["tables"], "must name at least one table");
  for (const table of tables) {
    checkKeys(table);
    checkColumns(table);
  }
  return {
    files: [data.files].flat(),
    ...(data.entries !== undefined && { entries: [data.entries].flat() }),
    format: data.format.kind === "csv" ? csv(data.format.options) : data.format,
    tables,
  };
}

function checkColumns({ name: table, columns }: TableSpec): void {
  for (const { name, type, options } of columns) {
    const fault = options && columnFault(type, options);
    if (fault) {
      throw new DeclarationFault(["tables", table, "columns", name, fault.option], fault.reason);
    }
  }
}

function checkKeys(table: TableSpec): void {
  const seen = new Set<string>();
  for (const part of ["partitionKey", "clusteringKey"] as const) {
    for (const key of table[part]) {
      const path = ["tables", table.name, part];
      if (!table.columns.some((column) => column.name === key)) {
        throw new DeclarationFault(path, `"${key}" is not one of the table's columns`);
      }
      if (seen.has(key)) throw new DeclarationFault(path, `"${key}" appears twice in the key`);
      if (isCollection(table, key)) {
        throw new DeclarationFault(path, `"${key}" is a collection, which is not allowed in a key`);
      }
      seen.add(key);
    }
  }
}

function isCollection(table: TableSpec, name: string): boolean {
  return table.columns.some((column) => column.name === name && collectionOf(column.type) !== null);
}
