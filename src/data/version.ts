import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../base/failure.ts";
import { listFolder, writeDurably } from "./durable.ts";
import type { Layout } from "./layout.ts";
import { MIGRATIONS } from "./migrations.ts";

/** The form of the data directory that this program reads and writes. */
export const DATA_VERSION = 1 + MIGRATIONS.length;

const VERSION_FILE = "version";

/**
 * Which form a data directory has: what its file `version` says, 1 for one from before there was
 * that file, null for one that is empty or missing.
 *
 * @throws {Failure} `bad-data-version` when the file is not a number
 */
export async function readDataVersion(layout: Layout): Promise<number | null> {
  return writtenVersion(layout.root) ?? (await isEmpty(layout.root) ? null : 1);
}

/**
 * What the file `version` of a data directory says; null where there is none.
 * @throws {Failure} `bad-data-version` when it is not a number
 */
export function writtenVersion(root: string): number | null {
  const path = join(root, VERSION_FILE);
  if (!existsSync(path)) return null;
  const text = Deno.readTextFileSync(path);
  if (/^[1-9]\d*\n?$/.test(text)) return Number(text);
  throw new Failure("usage", "bad-data-version", `Cannot read the data version in "${path}"`, {
    hint: "It holds one number. Restore the directory from a backup if somebody changed it.",
  });
}

/** Says which form a data directory has now. */
export async function writeDataVersion(layout: Layout, version: number): Promise<void> {
  await writeDurably(join(layout.root, VERSION_FILE), `${version}\n`);
}

/** @throws {Failure} `data-too-new` when a newer program has written the data directory */
export function refuseNewer(root: string, version: number | null): void {
  if (version === null || version <= DATA_VERSION) return;
  throw new Failure(
    "usage",
    "data-too-new",
    `Cannot use the data directory "${root}": it has version ${version}, this program knows up to ${DATA_VERSION}`,
    {
      hint: "Install the newer program again, or restore the backup from before its upgrade.",
      details: { version, known: DATA_VERSION },
    },
  );
}

async function isEmpty(root: string): Promise<boolean> {
  // A package may have put the configuration there before the first start; a name with a dot is a
  // version that is being written.
  return (await listFolder(root)).every(({ name }) =>
    name === "mysimbdp.toml" || name.startsWith(".")
  );
}
