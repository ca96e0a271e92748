import type { Intake } from "../../staging/intake.ts";
import type { AppHandler } from "../http/env.ts";

/** `POST /v1/batches`: an id to put into the metadata of a run's uploads. */
export function openBatch(intake: Intake, now: () => number): AppHandler {
  return (c) => {
    const id = intake.nextId();
    intake.receipts.openBatch(c.get("tenant"), id, now());
    return c.json({ id }, 201);
  };
}
