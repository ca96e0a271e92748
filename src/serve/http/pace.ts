import { systemClock } from "../../base/clock.ts";

/** Enough for every network; the rest of the time is for other requests. */
const BYTES_PER_MS = 48 * 1024 ** 2 / 1000;

/** When the next part of a large answer may be sent; all of them share it. */
let free = 0;

/**
 * Waits before a part of a large answer is sent. Making it takes time on the main thread, so clients who
 * request one after the other must not leave none for others.
 *
 * @param bytes the size of the part
 */
export async function inTurn(bytes: number): Promise<void> {
  const now = performance.now();
  const start = Math.max(now, free);
  free = start + bytes / BYTES_PER_MS;
  if (start > now) await systemClock.sleep(start - now);
}
