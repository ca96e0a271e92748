import type { Intake } from "../../staging/intake.ts";
import type { ConstraintsOf } from "../api/constraints.ts";
import type { Emit } from "../../telemetry/events.ts";

/** Dependencies of the upload handlers. */
export interface UploadDeps {
  intake: Intake;
  constraintsOf: ConstraintsOf;
  /** The most unfinished uploads of a tenant, whatever their batch. */
  maxUnfinished: number;
  emit: Emit;
  /** Milliseconds since the epoch. */
  now: () => number;
}
