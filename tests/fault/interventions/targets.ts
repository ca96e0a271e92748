import { join } from "node:path";
import type { Town } from "./town.ts";

/** Kinds of files and folders that people can touch. */
export const TARGETS = [
  "staged file",
  "staged record",
  "upload",
  "upload record",
  "archived file",
  "archived record",
  "failed file",
  "failed record",
  "customer's file",
  "staging folder",
  "archive folder",
  "uploads folder",
  "database",
  "accounts",
  "constraints",
  "module",
] as const;
export type Target = (typeof TARGETS)[number];

/** All paths of a kind, sorted. */
export async function pathsOf(town: Town, target: Target): Promise<string[]> {
  const { data } = town.platform;
  switch (target) {
    case "staged file":
      return await filesBelow(join(data, "staging"), (name) => !name.startsWith("."));
    case "staged record":
      return await filesBelow(join(data, "staging"), (name) => /^\..*\.json$/.test(name));
    case "upload":
      return await filesIn(join(data, "uploads"), (name) => !/\./.test(name));
    case "upload record":
      return await filesIn(join(data, "uploads"), (name) => /^[^.]+\.json$/.test(name));
    case "archived file":
      return await filesBelow(join(data, "archive"), (name) => !name.startsWith("."));
    case "archived record":
      return await filesBelow(join(data, "archive"), (name) => /^\..*\.json$/.test(name));
    case "failed file":
      return await filesBelow(join(data, "quarantine"), (name) => !name.includes("."));
    case "failed record":
      return await filesBelow(join(data, "quarantine"), (name) => /^[^.]+\.json$/.test(name));
    case "customer's file":
      return (await Promise.all(
        town.customers.map(({ dir }) =>
          dir === null ? [] : filesIn(dir, (name) => !name.startsWith("."))
        ),
      )).flat();
    case "staging folder":
      return await foldersIn(join(data, "staging"));
    case "archive folder":
      return await foldersIn(join(data, "archive"));
    case "uploads folder":
      return [join(data, "uploads")];
    case "database":
      return [join(data, "db/ledger.sqlite"), join(data, "db/receipts.sqlite")];
    case "accounts":
      return [join(data, "users.json")];
    case "constraints":
      return await filesIn(join(data, "constraints"), (name) => /^[^.]+\.json$/.test(name));
    case "module":
      return await foldersIn(join(data, "tenants"));
  }
}

/** One path of a kind; null if there is none. @param draw from 0 to below 1 */
export async function onePath(town: Town, target: Target, draw: number): Promise<string | null> {
  const paths = await pathsOf(town, target);
  return paths[Math.floor(draw * paths.length)] ?? null;
}

async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function filesIn(folder: string, isOne: (name: string) => boolean): Promise<string[]> {
  const names = (await entriesOf(folder)).filter(({ isFile }) => isFile).map(({ name }) => name);
  return names.filter(isOne).sort().map((name) => join(folder, name));
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = (await entriesOf(folder)).filter(({ isDirectory }) => isDirectory);
  const names = entries.map(({ name }) => name).filter((name) => !name.startsWith("."));
  return names.sort().map((name) => join(folder, name));
}

async function filesBelow(root: string, isOne: (name: string) => boolean): Promise<string[]> {
  const folders = await foldersIn(root);
  return (await Promise.all(folders.map((folder) => filesIn(folder, isOne)))).flat();
}
