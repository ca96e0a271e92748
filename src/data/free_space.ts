import { formatMib } from "../base/count.ts";
import { type DiskCause, diskCauseOf, type DiskUse, diskUse, RESERVE_BYTES } from "../base/disk.ts";
import { Failure } from "../base/failure.ts";

/** Inodes that stay free: fewer are as good as none. */
const RESERVE_INODES = 16;
/** Operators are warned once this share of a disk, or of its inodes, is used. */
export const WARNING_SHARE = 0.8;

/** Why files are refused and loads wait: one of the disks of the data directory cannot take more. */
export interface Shortage {
  cause: DiskCause;
  /** The folder on that disk. */
  folder: string;
  freeBytes: number;
  /** Bytes to free until files are accepted again; 0 for other causes than `space`. */
  missingBytes: number;
  reserveBytes: number;
}

/**
 * Finds the first folder on a disk with too little room; null if all have enough. Missing folders
 * are skipped.
 *
 * @param bytes what is about to be written
 * @param reserveBytes bytes that stay free for databases and logs
 */
export function findShortage(
  folders: readonly string[],
  reserveBytes = RESERVE_BYTES,
  bytes = 0,
): Shortage | null {
  for (const folder of folders) {
    const use = useOf(folder);
    if (use === null) continue;
    const { freeBytes, freeInodes } = use;
    const missingBytes = Math.max(0, bytes + reserveBytes - freeBytes);
    const found = { folder, freeBytes, missingBytes, reserveBytes };
    if (missingBytes > 0) return { ...found, cause: "space" };
    if (freeInodes !== null && freeInodes < RESERVE_INODES) return { ...found, cause: "inodes" };
  }
  return null;
}

/** How full the file system of a folder is; null if the folder is missing. */
export function useOf(folder: string): DiskUse | null {
  try {
    return diskUse(folder);
  } catch {
    // The folder was removed; whoever needs it reports that.
    return null;
  }
}

/** Describes a shortage to operators: a sentence without its full stop. */
export function shortageText({ cause, folder, freeBytes, reserveBytes }: Shortage): string {
  switch (cause) {
    case "space":
      return `${formatMib(freeBytes)} are free on the disk of "${folder}", ` +
        `and ${formatMib(reserveBytes)} must stay free (disk.reserve_mb)`;
    case "inodes":
      return `the file system of "${folder}" has no free inodes, so no file can be created`;
    case "quota":
      return `the disk quota of this user is used up in "${folder}"`;
    case "read-only":
      return `the file system of "${folder}" is read-only`;
    case "gone":
      return `the data directory "${folder}" was moved, removed or replaced, or its disk unmounted`;
  }
}

/** What operators can do about a shortage: a sentence. */
export function shortageHint({ cause, missingBytes }: Shortage): string {
  switch (cause) {
    case "space":
      return `Free ${formatMib(missingBytes)}: reduce manage.archive_days, remove old files from ` +
        "quarantine/ or backups/, or add disk space.";
    case "inodes":
      return "Remove files that are not needed, or use a file system with more inodes.";
    case "quota":
      return "Raise the quota, or remove old files from archive/, quarantine/ or backups/.";
    case "read-only":
      return "Check the system log for disk errors, then mount the file system for writing.";
    case "gone":
      return "Mount its disk or move it back. If another one is there now, restart the services.";
  }
}

/** What clients learn of a shortage. */
const FOR_CLIENTS: Record<DiskCause, string> = {
  space: "the server's disk is full",
  inodes: "the server's file system has no room for another file",
  quota: "the server's disk quota is used up",
  "read-only": "the server's disk is read-only",
  gone: "the server's data directory is not available",
};

/** The failure of a request that would write to a full disk. */
export function noSpace(cause: DiskCause, error?: unknown): Failure {
  const text = `Cannot store anything now: ${FOR_CLIENTS[cause]}`;
  return new Failure("server", "no-space", text, {
    hint: "Try again later.",
    details: { cause },
    cause: error,
  });
}

/** Whether a failure is one of {@link noSpace}. */
export function isNoSpace(error: unknown): boolean {
  return error instanceof Failure && error.code === "no-space";
}

/** Turns the errors of a disk without room into `no-space`; returns other errors unchanged. */
export function explainFullDisk(error: unknown): unknown {
  if (isNoSpace(error)) return error;
  const cause = diskCauseOf(error);
  return cause === null ? error : noSpace(cause, error);
}
