import type { Intake } from "../../staging/intake.ts";
import type { ConstraintsOf } from "../api/constraints.ts";
import type { Emit } from "../../telemetry/events.ts";
import type { Slots } from "./slots.ts";

/** Dependencies of the upload handlers. */
export interface UploadDeps {
  intake: Intake;
  constraintsOf: ConstraintsOf;
  slots: Slots;
  emit: Emit;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Milliseconds without a byte after which a body is ended. */
  stallMs: number;
}
