import { statfs } from "node:fs/promises";
import { Failure } from "../base/failure.ts";
import { isFullDisk } from "../base/full_disk.ts";

interface DiskUse {
  /** Bytes that this user can still write. */
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
 * Checks that a file fits on the disk before any of it is stored.
 *
 * @param reserve bytes that stay free for databases and logs
 * @throws {Failure} `no-space`
 */
export async function requireSpace(folder: string, bytes: number, reserve: number): Promise<void> {
  const { freeBytes } = await diskUse(folder);
  if (freeBytes < bytes + reserve) throw noSpace();
}

/** Turns "disk full" and "quota exceeded" into a failure; returns other errors unchanged. */
export function explainFullDisk(error: unknown): unknown {
  return isFullDisk(error) ? noSpace(error) : error;
}

function noSpace(cause?: unknown): Failure {
  return new Failure("server", "no-space", "Cannot store the upload: the server's disk is full", {
    hint: "Try again later.",
    cause,
  });
}
