import { dirname } from "node:path";
import { keepOwner, makeFolders } from "../base/owner.ts";
import { sha256OfFile } from "../base/read_file.ts";
import { fsyncFile } from "../data/durable.ts";

interface Copy {
  /** Bytes. */
  size: number;
  /** Lower-case hex. */
  sha256: string;
}

/** Copies a file durably, readable only by its owner. */
export async function copyDurably(from: string, to: string): Promise<Copy> {
  makeFolders(dirname(to));
  await Deno.copyFile(from, to);
  return await sealCopy(to);
}

/** Makes a new file durable, and readable only by its owner. */
export async function sealCopy(path: string): Promise<Copy> {
  await Deno.chmod(path, 0o600);
  keepOwner(path);
  await fsyncFile(path);
  const { size } = await Deno.stat(path);
  return { size, sha256: await sha256OfFile(path) };
}
