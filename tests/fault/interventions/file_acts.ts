import { basename, dirname, join } from "node:path";
import type { Content } from "./contents.ts";
import type { Done } from "./done.ts";
import type { Town } from "./town.ts";

export async function remove(_town: Town, path: string): Promise<Done> {
  await Deno.remove(path);
  return { what: "deleted" };
}

export async function removeCustomers(town: Town, path: string): Promise<Done | null> {
  const content = contentAt(town, path);
  if (content === null) return null;
  await Deno.remove(path);
  content.isWanted = false;
  return { what: "deleted" };
}

/** Writes new, often shorter content into a customer's file, not atomically: the next version. */
export async function rewrite(town: Town, path: string): Promise<Done | null> {
  const old = contentAt(town, path);
  // The name of a file that must fail says so.
  if (old === null || old.fails !== null) return null;
  const content = town.nextVersion(old);
  await Deno.truncate(path);
  await Deno.writeFile(path, content.bytes);
  return { what: `wrote ${content.tag} into` };
}

/** What a customer has at a path. */
function contentAt({ customers, contents }: Town, path: string): Content | null {
  const customer = customers.find(({ dir }) => dir === dirname(path));
  return customer ? contents.current(customer.tenant, basename(path)) : null;
}

export async function truncate(_town: Town, path: string, how: number): Promise<Done | null> {
  // Nobody can know that a file was whole before it had a record.
  if (path.includes("/staging/by-hand/") && path.endsWith(".csv")) return null;
  const { size } = await Deno.stat(path);
  const length = Math.floor(how * size);
  await Deno.truncate(path, length);
  return { what: `truncated to ${length} of ${size} bytes:` };
}

/** A file that somebody edits by hand; it gets its text back. */
export async function breakText(town: Town, path: string, how: number): Promise<Done | null> {
  const text = await Deno.readTextFile(path);
  if (!text.trimEnd().endsWith("}")) return null;
  await Deno.writeTextFile(path, how < 0.5 ? "" : text.slice(0, Math.ceil(how * text.length) - 1));
  const undo = async () => {
    await Deno.writeTextFile(path, text);
    await town.own(path);
  };
  return { what: "broke", undo };
}

export async function removeFolder(_town: Town, path: string): Promise<Done> {
  await Deno.remove(path, { recursive: true });
  return { what: "deleted" };
}

const DAY_S = 86_400;

export async function touch(_town: Town, path: string, how: number): Promise<Done> {
  const days = [-400, -1, 1, 400][Math.floor(how * 4)] ?? 1;
  const time = Date.now() / 1000 + days * DAY_S;
  await Deno.utime(path, time, time);
  return { what: `touched ${days > 0 ? "+" : ""}${days} days:` };
}

export async function chmod(_town: Town, path: string): Promise<Done | null> {
  const { mode, isDirectory } = await Deno.lstat(path);
  if (((mode ?? 1) & 0o777) === 0) return null;
  await Deno.chmod(path, 0);
  const undo = () => ifThere(Deno.chmod(path, (mode ?? (isDirectory ? 0o700 : 0o600)) & 0o777));
  return { what: "chmod 0", undo };
}

export async function chown(town: Town, path: string): Promise<Done | null> {
  const { uid } = town;
  if (uid === undefined) return null;
  await Deno.chown(path, 0, 0);
  return { what: "chown root", undo: () => ifThere(Deno.chown(path, uid, uid)) };
}

/** Moves it away, and back later; files that arrived in a folder meanwhile stay. */
export async function moveAway(town: Town, path: string, how: number): Promise<Done> {
  const away = join(town.platform.dir, `away-${basename(path)}-${Math.floor(how * 1e9)}`);
  await Deno.rename(path, away);
  return { what: "moved away", undo: () => moveBack(away, path) };
}

async function moveBack(away: string, path: string): Promise<void> {
  const { isDirectory } = await Deno.lstat(away);
  const there = await Deno.lstat(path).catch(() => null);
  if (!isDirectory || there === null) return await ifThere(Deno.rename(away, path));
  for (const { name } of await Array.fromAsync(Deno.readDir(away))) {
    await moveBack(join(away, name), join(path, name));
  }
  await Deno.remove(away, { recursive: true });
}

export async function renameInPlace(_town: Town, path: string, how: number): Promise<Done> {
  await Deno.rename(path, join(dirname(path), `renamed-${Math.floor(how * 1e6)}.csv`));
  return { what: "renamed" };
}

/** Does work that may find that its path has gone. */
async function ifThere(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
