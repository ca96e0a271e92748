import { join } from "node:path";
import { requireData } from "../data/data_directory.ts";
import { type Layout, prepareData } from "../data/layout.ts";
import { lockServe } from "../data/serve_lock.ts";
import { lockStorage } from "../storage/open.ts";
import { backUp } from "./backup.ts";
import { DATA_VERSION, readDataVersion, refuseNewer, writeDataVersion } from "../data/version.ts";
import { MIGRATIONS } from "../data/migrations.ts";

/** The folder for the backups of upgrades, in the data directory. */
const BACKUPS = "backups";

/** A completed upgrade. */
interface Upgrade {
  from: number;
  to: number;
  /** The backup of the earlier data directory, for `manage restore`. */
  backup: string;
}

/**
 * Opens a data directory: creates missing folders, backs up and upgrades an older one.
 *
 * @returns the upgrade; null when none was needed
 * @throws {Failure} `not-data`; `data-too-new`; `data-in-use` and `manage-running` when an upgrade is
 * needed and a service still runs; `data-not-writable`
 */
export async function openData(layout: Layout, now = Date.now()): Promise<Upgrade | null> {
  const version = requireData(layout);
  refuseNewer(layout.root, version);
  prepareData(layout);
  return version === DATA_VERSION ? null : await upgrade(layout, version, now);
}

async function upgrade(layout: Layout, from: number, now: number): Promise<Upgrade | null> {
  using locks = new DisposableStack();
  const sqlite = { data: layout.root, storage: { url: "sqlite:" } };
  locks.adopt(lockStorage(sqlite), (lock) => lock.release());
  locks.adopt(lockServe(layout), (lock) => lock.release());
  // Another process may have upgraded it while this one waited for the locks.
  if (readDataVersion(layout) === DATA_VERSION) return null;
  const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const backup = join(layout.root, BACKUPS, `version-${from}-${stamp}`);
  await backUp(layout, backup, { link: true, now });
  for (const migration of MIGRATIONS.slice(from - 1)) await migration(layout);
  await writeDataVersion(layout, DATA_VERSION);
  return { from, to: DATA_VERSION, backup };
}
