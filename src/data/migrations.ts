import { DatabaseSync } from "node:sqlite";
import { statIfThere } from "./durable.ts";
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
        "CREATE INDEX IF NOT EXISTS receipts_age ON receipts (received_at)",
      ),
  },
];

async function inDatabase(path: string, sql: string): Promise<void> {
  if (!await statIfThere(path)) return;
  const db = new DatabaseSync(path);
  try {
    db.exec(`PRAGMA busy_timeout=2000; PRAGMA synchronous=FULL; BEGIN IMMEDIATE; ${sql}; COMMIT`);
  } finally {
    db.close();
  }
}
