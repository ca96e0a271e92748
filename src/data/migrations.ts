import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { listFolder, orNull, statIfThere } from "./durable.ts";
import type { Layout } from "./layout.ts";

/** One step of the data directory's form, from a version to the next. */
interface Migration {
  /** For the log and for people: what it does. */
  what: string;
  /** Doing it twice is doing it once: a process may be killed before the version is written. */
  run(layout: Layout): Promise<void>;
}

/** The first leads from version 1 to 2, and so on; none may be taken out or changed once released. */
export const MIGRATIONS: readonly Migration[] = [
  {
    what: "an index of receipts by their time, for their retention",
    run: (layout) =>
      inDatabase(
        layout.receipts,
        (db) => db.exec("CREATE INDEX IF NOT EXISTS receipts_age ON receipts (received_at)"),
      ),
  },
  {
    what: "files in state `rejected` become `refused`",
    run: (layout) => inDatabase(join(layout.db, "ledger.sqlite"), renameRejected),
  },
  { what: "test runs of modules are no longer called trials", run: renameTrials },
];

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
