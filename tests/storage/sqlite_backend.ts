import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TableSpec, Value } from "../../src/batch/column.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/storage.ts";
import type { Backend } from "../contracts/storage_fixtures.ts";

/** The embedded engine in a new directory. */
export async function sqliteBackend(): Promise<Backend & { dir: string }> {
  const dir = await Deno.makeTempDir();
  return {
    dir,
    open: () => Promise.resolve(openSqliteStorage(dir)),
    readRows: (tenant, table) => Promise.resolve(readRows(dir, tenant, table)),
    remove: () => Deno.remove(dir, { recursive: true }),
  };
}

function readRows(dir: string, tenant: string, table: TableSpec): Value[][] {
  const db = new DatabaseSync(join(dir, "db", "tenants", `${tenant}.sqlite`), { readOnly: true });
  try {
    // A 64-bit integer does not fit in a number.
    const columns = table.columns.map(({ name, type }) =>
      type === "bigint" ? `CAST("${name}" AS TEXT) AS "${name}"` : `"${name}"`
    );
    return db.prepare(`SELECT ${columns.join(", ")} FROM "${table.name}"`).all()
      .map((row) => table.columns.map(({ name }) => row[name] as Value));
  } finally {
    db.close();
  }
}
