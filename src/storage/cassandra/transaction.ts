import { systemClock } from "../../base/clock.ts";
import { isPassing } from "../../base/retry.ts";
import { cassandraFailure, isOutcomeUnknown } from "./errors.ts";
import type { Parameter, Session } from "./session.ts";

const ATTEMPTS = 8;
/** How long it is tried to find out what became of a transaction. */
const OUTCOME_MS = 20_000;
const READ_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;

/** What became of a transaction without an answer; `again` if it was not executed. */
export type Outcome = "applied" | "refused" | "again";

/**
 * Runs a lightweight transaction until its outcome is known.
 *
 * @param outcomeOf finds out after a lost answer, with a read that completes pending transactions
 * @returns whether it was applied
 */
export async function transact(
  session: Session,
  cql: string,
  values: readonly Parameter[],
  outcomeOf: () => Promise<Outcome>,
): Promise<boolean> {
  for (let attempt = 1;; attempt++) {
    try {
      const result = await session.run(cql, values, false);
      // An earlier attempt without an answer may have been applied after `outcomeOf` read the row.
      return result.wasApplied() || (attempt > 1 && await readAgain(outcomeOf) === "applied");
    } catch (error) {
      if (!isOutcomeUnknown(error) || attempt === ATTEMPTS) throw error;
    }
    const outcome = await readAgain(outcomeOf);
    if (outcome !== "again") return outcome === "applied";
  }
}

/**
 * Repeats a read that fails: it times out when many processes access one record, and the connection
 * that lost an answer may still be down.
 */
async function readAgain<T>(read: () => Promise<T>): Promise<T> {
  const end = performance.now() + OUTCOME_MS;
  for (let attempt = 1;; attempt++) {
    try {
      return await read();
    } catch (error) {
      const mayPass = isPassing(cassandraFailure(error, "Cannot read"));
      if (!mayPass || performance.now() > end) throw error;
    }
    const most = Math.min(LONGEST_PAUSE_MS, READ_PAUSE_MS * attempt);
    await systemClock.sleep(Math.random() * most);
  }
}
