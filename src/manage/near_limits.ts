import type { RunPolicy } from "../sandbox/host/policy.ts";
import type { FileRecord } from "../storage/contract.ts";
import type { Emit } from "../telemetry/events.ts";
import type { Outcome } from "./outcome.ts";

/** The share of a limit from which the operator is warned. */
const NEAR = 0.8;

/** Warns of a loaded file that came close to a limit: the customer's next one may exceed it. */
export function reportNearLimits(
  { tenant }: FileRecord,
  outcome: Outcome,
  { rejectShare, seconds: maxSeconds }: RunPolicy,
  seconds: number,
  emit: Emit,
): void {
  if (outcome.type !== "ingested") return;
  const report = (limit: string, used: number, most: number) => {
    if (used >= NEAR * most) emit({ kind: "limit.near", tenant, limit, used, most });
  };
  const { read, rejected } = outcome.rows;
  // A module that may reject everything, or nothing, cannot come close to this limit.
  if (rejectShare > 0 && rejectShare < 1) {
    report("reject_share", read === 0 ? 0 : rejected / read, rejectShare);
  }
  report("seconds_per_file", seconds, maxSeconds);
}
