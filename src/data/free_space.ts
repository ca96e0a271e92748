import { statfs } from "node:fs/promises";
import { Failure } from "../base/failure.ts";
import { isFullDisk } from "../base/full_disk.ts";

/** Bytes that this user may still write to the file system of a folder. */
async function freeSpace(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** How full the file system of a folder is. */
interface DiskUse {
  freeBytes: number;
  totalBytes: number;
  /** 0 to 1. */
  usedShare: number;
}

/** How full the file system of a folder is, for this user. */
export async function diskUse(folder: string): Promise<DiskUse> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return {
    freeBytes: bavail * bsize,
    totalBytes: blocks * bsize,
    usedShare: blocks === 0 ? 0 : 1 - bavail / blocks,
  };
}

/**
 * Refuses a file for which there is no room, before a byte of it is stored.
 *
 * @param reserve bytes that are to stay free for databases and logs
 * @throws {Failure} `no-space`
 */
export async function requireSpace(folder: string, bytes: number, reserve: number): Promise<void> {
  if (await freeSpace(folder) < bytes + reserve) throw noSpace();
}

/** Turns "the disk is full" (or the quota is used up) into a failure; other errors stay. */
export function explainFullDisk(error: unknown): unknown {
  return isFullDisk(error) ? noSpace(error) : error;
}

function noSpace(cause?: unknown): Failure {
  return new Failure("server", "no-space", "Cannot store the upload: the server's disk is full", {
    hint: "Try again later.",
    cause,
  });
}
