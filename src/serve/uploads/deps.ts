import type { Intake } from "../../staging/intake.ts";
import type { ConstraintsOf } from "../api/constraints.ts";
import type { Emit } from "../../telemetry/events.ts";
import type { Slots } from "./slots.ts";

/** What the handlers of uploads work with. */
export interface UploadDeps {
  intake: Intake;
  constraintsOf: ConstraintsOf;
  slots: Slots;
  emit: Emit;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Milliseconds without a byte until a body is ended. */
  stallMs: number;
}
