import { statfsSync } from "node:fs";

/** Bytes of a disk that stay free for databases and logs, unless `disk.reserve_mb` differs. */
export const RESERVE_BYTES = 16 * 1024 ** 2;

/** Why nothing can be written to a disk. */
export type DiskCause = "space" | "inodes" | "quota" | "read-only" | "gone";

/** How full a file system is, for this user. */
export interface DiskUse {
  /** Bytes that this user can still write. */
  freeBytes: number;
  totalBytes: number;
  /** 0 to 1. */
  usedShare: number;
  /** Inodes: each file needs one. Null for file systems without a limit. */
  freeInodes: number | null;
  /** 0 to 1. */
  usedInodesShare: number;
}

/**
 * How full the file system of a folder is.
 *
 * @example
 * ```ts
 * import { diskUse } from "./disk.ts";
 * diskUse("/").freeBytes; // 84_561_223_680
 * ```
 */
export function diskUse(folder: string): DiskUse {
  const { bavail, blocks, bsize, ffree, files } = statfsSync(folder);
  return {
    freeBytes: bavail * bsize,
    totalBytes: blocks * bsize,
    usedShare: blocks === 0 ? 0 : 1 - bavail / blocks,
    freeInodes: files === 0 ? null : ffree,
    usedInodesShare: files === 0 ? 0 : 1 - ffree / files,
  };
}

const BY_CODE: Record<string, DiskCause> = {
  ENOSPC: "space",
  EDQUOT: "quota",
  EROFS: "read-only",
};
const SQLITE_FULL = 13;

/**
 * Why the disk refused a write; null for errors that are not about a disk without room. Looks at the
 * causes of an error, too. "space" can also mean that there are no inodes: the system's error is the same.
 */
export function diskCauseOf(error: unknown): DiskCause | null {
  if (!(error instanceof Error)) return null;
  const code = "code" in error ? BY_CODE[String(error.code)] : undefined;
  if (code !== undefined) return code;
  const sqlite = "errcode" in error ? Number(error.errcode) & 0xff : 0;
  // Errors of `exec` have no result code.
  if (sqlite === SQLITE_FULL || error.message === "database or disk is full") return "space";
  return diskCauseOf(error.cause);
}

/** Whether a system error means that the disk is full or the quota is used up. */
export function isFullDisk(error: unknown): boolean {
  const cause = diskCauseOf(error);
  return cause === "space" || cause === "quota";
}
