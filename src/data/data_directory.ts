import { basename, dirname, join } from "node:path";
import { Failure, messageOf } from "../base/failure.ts";
import { similarName } from "../base/nearest.ts";
import { listFolder } from "./durable.ts";
import { Layout, makeDataFolder } from "./layout.ts";
import { DATA_VERSION, readDataVersion, writeDataVersion } from "./version.ts";

/** The top-level names of a data directory, apart from names that start with a dot. */
const PARTS = new Set([
  ...["users.json", "users.json.lock", "admins.json", "admins.json.lock", "audit.log"],
  "credentials",
  ...["mysimbdp.toml", "constraints", "tenants", "secrets", "uploads", "staging", "archive"],
  ...["quarantine", "db", "metrics", "backups", "version"],
  // Made by mkfs: the data directory may be a whole disk.
  "lost+found",
]);

/**
 * Checks that a path is a data directory: a typing error or a disk that is not mounted must not give
 * an empty platform.
 *
 * @returns its version
 * @throws {Failure} `not-data`, `bad-data-version`
 */
export function requireData(layout: Layout): number {
  const { root } = layout;
  let fault = "it has no version file";
  try {
    const version = readDataVersion(layout);
    if (version !== null) return version;
    // Without permission to read it, everything in it seems to be missing.
    Deno.readDirSync(root);
  } catch (error) {
    if (error instanceof Failure) throw error;
    fault = reasonOf(error);
  }
  throw new Failure("usage", "not-data", `Cannot use "${root}" as data directory: ${fault}`, {
    hint: hintFor(layout),
    details: { data: root },
  });
}

/**
 * Makes a data directory out of a missing or empty folder, or of one with parts of a data directory,
 * such as the `users.json` of the platform's first version. Can be repeated after a kill.
 *
 * @throws {Failure} `data-not-empty`, `data-not-writable`
 */
export async function createData(layout: Layout): Promise<void> {
  const { root } = layout;
  const entries = await listFolder(root);
  const other = entries.find(({ name }) => !name.startsWith(".") && !PARTS.has(name));
  if (other !== undefined) {
    const text = `Cannot create a data directory in "${root}": it contains "${other.name}"`;
    throw new Failure("usage", "data-not-empty", text, {
      hint: "Choose a new or an empty folder with --data.",
    });
  }
  makeDataFolder(root);
  // The version first: a service that starts now would take folders without it for version 1.
  await writeDataVersion(layout, DATA_VERSION);
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "it does not exist";
  if (error instanceof Deno.errors.NotADirectory) return "it is not a directory";
  if (error instanceof Deno.errors.PermissionDenied) return "permission is denied";
  return messageOf(error);
}

function hintFor({ root }: Layout): string {
  const owner = ownerOf(root);
  if (owner !== null && Deno.uid() !== 0 && owner !== Deno.uid()) {
    return `Run the command as user ${owner}, who owns it, or as root.`;
  }
  const meant = probablyMeant(root);
  const start = meant === null
    ? "Check --data, and whether its disk is mounted."
    : `Did you mean --data ${meant}?`;
  return `${start} To create a data directory, run mysimbdp manage init --data ${root}.`;
}

function ownerOf(path: string): number | null {
  try {
    return Deno.statSync(path).uid;
  } catch {
    return null;
  }
}

/** A data directory with a similar name beside this one, in it or above it. */
function probablyMeant(root: string): string | null {
  const parent = dirname(root);
  const beside = foldersIn(parent).filter((name) =>
    similarName(basename(root), [name]) !== null && isData(join(parent, name))
  );
  const similar = similarName(basename(root), beside);
  if (similar !== null) return join(parent, similar);
  const inside = foldersIn(root).find((name) => isData(join(root, name)));
  if (inside !== undefined) return join(root, inside);
  return isData(parent) ? parent : null;
}

function isData(path: string): boolean {
  try {
    return readDataVersion(new Layout(path)) !== null;
  } catch {
    return false;
  }
}

function foldersIn(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].filter((entry) => !entry.isFile).map(({ name }) => name);
  } catch {
    return [];
  }
}
