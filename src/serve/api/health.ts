import { join } from "node:path";
import { Failure } from "../../base/failure.ts";
import { removeIfThere, TEMPORARY_SUFFIX, writeDurably } from "../../data/durable.ts";
import type { Intake } from "../../staging/intake.ts";
import type { AppHandler } from "../http/env.ts";

const REMEMBER_MS = 1000;

/** `GET /livez`: the process answers; nothing else is asked. */
export const live: AppHandler = (c) => c.json({ status: "ok" });

/**
 * `GET /readyz`: a file can be written and the receipts answer. The result is kept for a second, as
 * anyone may ask.
 */
export function ready(intake: Intake, now: () => number): AppHandler {
  let last: { at: number; result: Promise<void> } | null = null;
  return async (c) => {
    if (!last || now() - last.at >= REMEMBER_MS) {
      last = { at: now(), result: checkReady(intake) };
      // It is met below, by whoever waits for it.
      last.result.catch(() => {});
    }
    await last.result;
    return c.json({ status: "ok" });
  };
}

async function checkReady({ layout, receipts }: Intake): Promise<void> {
  const probe = join(layout.uploads, `.ready${TEMPORARY_SUFFIX}`);
  try {
    await writeDurably(probe, "");
    await removeIfThere(probe);
    receipts.check();
  } catch (error) {
    const detail = "Cannot take files now: the data directory or the receipts do not answer";
    throw new Failure("server", "not-ready", detail, { cause: error });
  }
}
