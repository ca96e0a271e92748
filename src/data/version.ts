import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../base/failure.ts";
import { writeDurably } from "./durable.ts";
import type { Layout } from "./layout.ts";
import { MIGRATIONS } from "./migrations.ts";

/** The version of the data directory that this program reads and writes. */
export const DATA_VERSION = 1 + MIGRATIONS.length;

const VERSION_FILE = "version";

/**
 * The version of a data directory, as written in its file `version`; 1 for one that an early program
 * made, without that file; null for anything else.
 *
 * @throws {Failure} `bad-data-version` when the file does not contain a number
 */
export function readDataVersion({ root, db }: Layout): number | null {
  return writtenVersion(root) ?? (existsSync(db) && existsSync(join(root, "staging")) ? 1 : null);
}

/**
 * The content of the file `version` in a data directory; null when the file is missing.
 * @throws {Failure} `bad-data-version` when it is not a number
 */
function writtenVersion(root: string): number | null {
  const path = join(root, VERSION_FILE);
  if (!existsSync(path)) return null;
  const text = Deno.readTextFileSync(path);
  if (/^[1-9]\d*\n?$/.test(text)) return Number(text);
  throw new Failure("usage", "bad-data-version", `Cannot read "${path}": it is not a number`, {
    hint: "If the file was changed, restore the data directory from a backup.",
  });
}

/** Writes the version of a data directory. */
export async function writeDataVersion(layout: Layout, version: number): Promise<void> {
  await writeDurably(join(layout.root, VERSION_FILE), `${version}\n`);
}

/** @throws {Failure} `data-too-new` when a newer program has written the data directory */
export function refuseNewer(root: string, version: number | null): void {
  if (version === null || version <= DATA_VERSION) return;
  throw new Failure(
    "usage",
    "data-too-new",
    `Cannot use the data directory "${root}": it has version ${version}, but this program supports ` +
      `versions up to ${DATA_VERSION}`,
    {
      hint: "Install the newer program again, or restore the backup from before the upgrade.",
      details: { version, known: DATA_VERSION },
    },
  );
}
