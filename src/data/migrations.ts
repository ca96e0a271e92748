import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { listFolder, orNull, statIfThere } from "./durable.ts";
import type { Layout } from "./layout.ts";

/**
 * Each upgrades a data directory by one version; the first upgrades version 1 to 2. They must be
 * repeatable, as the process may be killed before the new version is written. Released ones must not
 * be removed or changed.
 */
export const MIGRATIONS: readonly ((layout: Layout) => Promise<void>)[] = [
  ({ receipts }) => inDatabase(receipts, indexReceiptsByTime),
  ({ ledger }) => inDatabase(ledger, renameRejected),
  renameTrials,
  ({ ledger }) => inDatabase(ledger, (db) => addTextColumn(db, "notices")),
  ({ ledger }) => inDatabase(ledger, forgetReplaced),
  ({ ledger }) => inDatabase(ledger, relateVersions),
  ({ ledger }) => inDatabase(ledger, (db) => addTextColumn(db, "replay")),
];

function indexReceiptsByTime(db: DatabaseSync): void {
  db.exec("CREATE INDEX IF NOT EXISTS receipts_age ON receipts (received_at)");
}

/** Adds a column to the ledger's table of files, unless it is there. */
function addTextColumn(db: DatabaseSync, name: string): void {
  const has = db.prepare("SELECT 1 FROM pragma_table_info('files') WHERE name = ?").get(name);
  if (has === undefined) db.exec(`ALTER TABLE files ADD COLUMN ${name} TEXT`);
}

/** A new index finds the versions of one name in their order; opening the ledger creates it. */
function relateVersions(db: DatabaseSync): void {
  addTextColumn(db, "replaced_by");
  db.exec("DROP INDEX IF EXISTS files_by_name");
}

/** The number of replaced rows was that of all files; now it is one of replaced records of the file. */
function forgetReplaced(db: DatabaseSync): void {
  db.exec(`UPDATE files SET rows_replaced = 0 WHERE rows_replaced > 0
    AND rows_read = rows_stored + rows_rejected + rows_skipped`);
}

async function renameTrials({ moduleRoot }: Layout): Promise<void> {
  await orNull(
    Deno.rename(join(moduleRoot, ".inbox/trials"), join(moduleRoot, ".inbox/test-runs")),
  );
  for (const tenant of await listFolder(moduleRoot)) {
    if (!tenant.isDirectory || tenant.name.startsWith(".")) continue;
    const folder = join(moduleRoot, tenant.name);
    for (const version of (await listFolder(folder)).filter(({ isDirectory }) => isDirectory)) {
      const path = (name: string) => join(folder, version.name, name);
      await orNull(Deno.rename(path("trial.json"), path("test-run.json")));
    }
  }
}

/** SQLite cannot change a CHECK constraint: the table is copied into one with the new names. */
function renameRejected(db: DatabaseSync): void {
  const schema = db.prepare(
    "SELECT sql FROM sqlite_schema WHERE tbl_name = 'files' AND sql NOT NULL",
  )
    .all().map(({ sql }) => String(sql));
  if (!schema.some((sql) => sql.includes("'rejected'"))) return;
  const columns = db.prepare("SELECT name FROM pragma_table_info('files')").all()
    .map(({ name }) => String(name));
  const values = columns.map((name) =>
    name === "state" ? "CASE state WHEN 'rejected' THEN 'refused' ELSE state END" : name
  );
  db.exec("ALTER TABLE files RENAME TO earlier_files");
  for (const sql of schema.filter((sql) => sql.startsWith("CREATE TABLE"))) {
    db.exec(sql.replaceAll("'rejected'", "'refused'"));
  }
  db.exec(`INSERT INTO files (${columns}) SELECT ${values} FROM earlier_files;
    DROP TABLE earlier_files`);
  // Indexes go with the old table.
  for (const sql of schema.filter((sql) => !sql.startsWith("CREATE TABLE"))) db.exec(sql);
}

async function inDatabase(path: string, change: (db: DatabaseSync) => void): Promise<void> {
  if (!await statIfThere(path)) return;
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA busy_timeout=2000; PRAGMA synchronous=FULL; BEGIN IMMEDIATE");
    change(db);
    db.exec("COMMIT");
  } finally {
    db.close();
  }
}
