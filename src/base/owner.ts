import { existsSync } from "node:fs";
import { lchown } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Gives a new file or folder to the owner of the folder that it is in, if root created it: the
 * service, which runs as another user, must be able to use what root's commands write into its data
 * directory. SQLite does the same with the files beside a database.
 *
 * @example
 * ```ts ignore
 * import { keepOwner } from "./owner.ts";
 * using file = await Deno.open("data/audit.log", { append: true, create: true, mode: 0o600 });
 * keepOwner("data/audit.log");
 * ```
 */
export function keepOwner(path: string): void {
  if (isRoot()) giveTo(path, Deno.statSync(dirname(path)));
}

/** {@link keepOwner} for a symbolic link itself, not for what it points to. */
export async function keepLinkOwner(path: string): Promise<void> {
  const { uid, gid } = await Deno.stat(dirname(path));
  if (isRoot() && uid && gid !== null) await lchown(path, uid, gid);
}

/** Gives a file or folder that root created to a user. */
export function giveTo(path: string, { uid, gid }: Pick<Deno.FileInfo, "uid" | "gid">): void {
  if (isRoot() && uid !== null && gid !== null && uid !== 0) Deno.chownSync(path, uid, gid);
}

function isRoot(): boolean {
  return Deno.build.os !== "windows" && Deno.uid() === 0;
}

/**
 * Creates a folder and missing ones above it, readable only by the owner, see {@link keepOwner}.
 * @returns the topmost created folder; null when it existed
 */
export function makeFolders(path: string): string | null {
  const missing: string[] = [];
  for (let at = path; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.push(at);
  Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
  // From the top, as each folder gets the owner of the one above it.
  for (const folder of missing.toReversed()) keepOwner(folder);
  return missing.at(-1) ?? null;
}
