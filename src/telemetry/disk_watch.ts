import { diskUse } from "../base/disk.ts";
import { messageOf } from "../base/failure.ts";
import type { DiskChange, DiskState } from "../data/disk_state.ts";
import { shortageHint, shortageText, WARNING_SHARE } from "../data/free_space.ts";
import type { Emit } from "./events.ts";

const CHECK_MS = 1_000;
/** Checks between two warnings: an hour. */
const WARN_EVERY = 3_600;

interface DiskWatchOptions {
  disk: DiskState;
  /** The data directory. */
  folder: string;
  emit: Emit;
  /** Called after a change was reported. */
  onChange?: (change: DiskChange) => void;
}

/** Watches the disks of the data directory, for as long as a process runs. */
export interface DiskWatch {
  /** Reports a change at once. */
  check(): Promise<void>;
  stop(): void;
}

/**
 * Emits `disk.full` when a disk becomes full and `disk.free` when it has room again, once each, and
 * `disk.low` every hour while one is almost full. Checks each second, which takes some microseconds.
 */
export function watchDisk({ disk, folder, emit, onChange }: DiskWatchOptions): DiskWatch {
  let checks = 0;
  const check = async () => {
    try {
      const change = await disk.change();
      if (change) {
        report(change, emit);
        onChange?.(change);
      }
      if (checks++ % WARN_EVERY === 0 && disk.shortage() === null) warn(folder, emit);
    } catch (error) {
      if (checks++ % WARN_EVERY === 0) emit({ kind: "disk.unknown", error: messageOf(error) });
    }
  };
  const timer = setInterval(() => void check(), CHECK_MS);
  return { check, stop: () => clearInterval(timer) };
}

function report(change: DiskChange, emit: Emit): void {
  if (change.type === "free") {
    emit({ kind: "disk.free", freeBytes: change.freeBytes, seconds: change.seconds });
    return;
  }
  const { shortage } = change;
  const { cause, folder: path, freeBytes, missingBytes } = shortage;
  const error = shortageText(shortage);
  const hint = shortageHint(shortage);
  emit({ kind: "disk.full", cause, path, freeBytes, missingBytes, error, hint });
}

function warn(path: string, emit: Emit): void {
  const { usedShare, freeBytes } = diskUse(path);
  if (usedShare >= WARNING_SHARE) emit({ kind: "disk.low", path, usedShare, freeBytes });
}
