import { systemClock } from "../../base/clock.ts";
import { Failure } from "../../base/failure.ts";
import { noSpace } from "../../data/free_space.ts";
import type { Intake } from "../../staging/intake.ts";

const CACHE_MS = 1000;

/**
 * Returns a check that a file can be written and that the receipts answer. Its result is cached for
 * a second, because anyone can request it.
 *
 * @param now milliseconds of a monotonic clock
 * @returns a check that throws a {@link Failure} `not-ready`
 */
export function readyCheck(intake: Intake, now = systemClock.monotonic): () => Promise<void> {
  let last: { at: number; result: Promise<void> } | null = null;
  return () => {
    if (!last || now() - last.at >= CACHE_MS) last = { at: now(), result: check(intake) };
    return last.result;
  };
}

async function check({ disk, receipts }: Intake): Promise<void> {
  try {
    await disk.probe();
    receipts.check();
  } catch (error) {
    const detail = "Cannot accept files: the data directory or the receipts are not available";
    throw new Failure("server", "not-ready", detail, { cause: error });
  }
  const shortage = disk.shortage();
  if (shortage === null) return;
  const { cause, freeBytes, reserveBytes } = shortage;
  const { message } = noSpace(cause);
  throw new Failure("server", "not-ready", message.replace("store anything", "accept files"), {
    details: { cause, freeBytes, reserveBytes },
  });
}
