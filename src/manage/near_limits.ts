import type { FileRecord } from "../storage/contract.ts";
import type { Emit } from "../telemetry/events.ts";
import type { RunLimits } from "./ingest_file.ts";
import type { Outcome } from "./outcome.ts";

/** From this share of a limit on the operator is warned. */
const NEAR = 0.8;

/** Tells of a file that got in, but not by far: its customer's next one may not. */
export function tellNearLimits(
  { tenant }: FileRecord,
  outcome: Outcome,
  limits: RunLimits,
  seconds: number,
  emit: Emit,
): void {
  if (outcome.type !== "ingested") return;
  const { read, rejected } = outcome.rows;
  const share = read === 0 ? 0 : rejected / read;
  // A module that may reject everything, or nothing, has no limit to come near to.
  if (limits.rejectShare > 0 && limits.rejectShare < 1 && share >= NEAR * limits.rejectShare) {
    emit({
      kind: "limit.near",
      tenant,
      limit: "reject_share",
      used: share,
      most: limits.rejectShare,
    });
  }
  if (seconds >= NEAR * limits.seconds) {
    emit({
      kind: "limit.near",
      tenant,
      limit: "seconds_per_file",
      used: seconds,
      most: limits.seconds,
    });
  }
}
