import { join } from "node:path";
import { Failure } from "../../base/failure.ts";
import { removeIfThere, TEMPORARY_SUFFIX, writeDurably } from "../../data/durable.ts";
import type { Intake } from "../../staging/intake.ts";

const CACHE_MS = 1000;

/**
 * Returns a check that a file can be written and that the receipts answer. Its result is cached for
 * a second, because anyone can request it.
 *
 * @returns a check that throws a {@link Failure} `not-ready`
 */
export function readyCheck(intake: Intake, now: () => number): () => Promise<void> {
  let last: { at: number; result: Promise<void> } | null = null;
  return () => {
    if (!last || now() - last.at >= CACHE_MS) last = { at: now(), result: check(intake) };
    return last.result;
  };
}

async function check({ layout, receipts }: Intake): Promise<void> {
  const probe = join(layout.uploads, `.ready${TEMPORARY_SUFFIX}`);
  try {
    await writeDurably(probe, "");
    await removeIfThere(probe);
    receipts.check();
  } catch (error) {
    const detail = "Cannot accept files: the data directory or the receipts are not available";
    throw new Failure("server", "not-ready", detail, { cause: error });
  }
}
