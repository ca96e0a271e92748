import { systemClock } from "../base/clock.ts";
import { diskCauseOf } from "../base/disk.ts";
import { Failure } from "../base/failure.ts";
import type { DiskState } from "../data/disk_state.ts";
import { shortageHint, shortageText } from "../data/free_space.ts";
import { watchDisk } from "./disk_watch.ts";
import type { Emit } from "./events.ts";

interface RoomOptions {
  disk: DiskState;
  /** The data directory. */
  folder: string;
  emit: Emit;
  /** Fail at once instead of waiting for room. @default false */
  isOnce?: boolean;
}

const RETRY_MS = 1_000;

/** How a database reports that a file beside it could not be created or grow. */
const ROOM_CODES = new Set(["storage-full", "storage-io", "storage-unreachable"]);

function isAboutRoom(error: unknown): boolean {
  return diskCauseOf(error) !== null || (error instanceof Failure && ROOM_CODES.has(error.code));
}

/**
 * Opens something that needs a little room on the disk. On a full one it waits for room: a service that
 * ended would be started again and again.
 *
 * @throws {Failure} `storage-full` with `isOnce`; what `open` throws for other reasons
 */
export async function withRoom<T>(
  open: () => T | Promise<T>,
  options: RoomOptions,
): Promise<T> {
  const { disk, folder, emit, isOnce = false } = options;
  const watch = watchDisk({ disk, folder, emit });
  try {
    for (;;) {
      try {
        return await open();
      } catch (error) {
        disk.explain(error);
        const shortage = disk.shortage();
        if (shortage === null || !isAboutRoom(error)) throw error;
        if (isOnce) {
          throw new Failure("storage", "storage-full", `Cannot start: ${shortageText(shortage)}`, {
            hint: shortageHint(shortage),
            cause: error,
          });
        }
        await watch.check();
        await systemClock.sleep(RETRY_MS);
      }
    }
  } finally {
    watch.stop();
  }
}
