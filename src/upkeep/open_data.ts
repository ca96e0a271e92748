import { join } from "node:path";
import { type Layout, makeDataFolder, prepareData } from "../data/layout.ts";
import { lockServe } from "../data/serve_lock.ts";
import { lockStorage } from "../storage/open.ts";
import { backUp } from "./backup.ts";
import { DATA_VERSION, readDataVersion, refuseNewer, writeDataVersion } from "../data/version.ts";
import { MIGRATIONS } from "../data/migrations.ts";

/** The backups that upgrades make, in the data directory. */
const BACKUPS = "backups";

/** An upgrade that was made. */
interface Upgrade {
  from: number;
  to: number;
  /** Where the data directory from before lies, for `manage restore`. */
  backup: string;
}

/**
 * Makes a data directory ready for use: a new one is laid out, an older one is backed up and brought
 * forward, while neither service runs.
 *
 * @returns the upgrade that was made; null where none was needed
 * @throws {Failure} `data-too-new`; `data-in-use` and `manage-running` when a service still runs on
 * one that has to be brought forward; `data-not-writable`
 */
export async function openData(layout: Layout, now = Date.now()): Promise<Upgrade | null> {
  const version = await readDataVersion(layout);
  refuseNewer(layout.root, version);
  if (version === null) {
    // The version goes first: another service that starts meanwhile would take folders without one
    // for an old directory.
    await makeDataFolder(layout.root);
    await writeDataVersion(layout, DATA_VERSION);
  }
  await prepareData(layout);
  return version === null || version === DATA_VERSION ? null : await upgrade(layout, version, now);
}

async function upgrade(layout: Layout, from: number, now: number): Promise<Upgrade | null> {
  const manage = lockStorage({ data: layout.root, storage: { url: "sqlite:" } });
  try {
    const serve = lockServe(layout);
    try {
      // Another process may have done it while this one waited for the locks.
      if (await readDataVersion(layout) === DATA_VERSION) return null;
      const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, "");
      const backup = join(layout.root, BACKUPS, `version-${from}-${stamp}`);
      await backUp(layout, backup, { link: true, now });
      for (const migration of MIGRATIONS.slice(from - 1)) await migration.run(layout);
      await writeDataVersion(layout, DATA_VERSION);
      return { from, to: DATA_VERSION, backup };
    } finally {
      serve.release();
    }
  } finally {
    manage.release();
  }
}
