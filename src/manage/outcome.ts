import { Failure, messageOf } from "../base/failure.ts";
import type { FileReason, RowCounts } from "../protocol/file_view.ts";

/** How one attempt at a file ended. */
export type Outcome =
  | { type: "ingested"; rows: RowCounts; moduleVersion: string }
  /** The file was refused before a record of it was read. */
  | { type: "refused"; reason: FileReason }
  /** The file or its module is at fault; nothing of it was stored. */
  | { type: "quarantined"; reason: FileReason; rows: RowCounts | null }
  /** Something else was at fault; a later attempt may succeed. `endless`: attempts do not count. */
  | { type: "retry"; reason: FileReason; rows: RowCounts | null; endless: boolean }
  /** The service is ending; the file goes back into the queue as if nothing had been. */
  | { type: "released" };

// A process that ended without a word may have been a victim, not a culprit.
const WORTH_ANOTHER_TRY = new Set([
  "sandbox-exit",
  "sandbox-forged",
  "module-crashed",
  "sandbox-failed",
]);

/**
 * What a failure in the middle of an attempt means for its file.
 *
 * @param rows what was counted before it; null where nothing was read
 */
export function outcomeOf(error: unknown, rows: RowCounts | null = null): Outcome {
  if (!(error instanceof Failure)) {
    const reason = { code: "internal", message: `Cannot go on: ${messageOf(error)}` };
    return { type: "retry", reason, rows, endless: false };
  }
  const { code, message, hint } = error;
  const reason = { code, message: hint ? `${message}. ${hint}` : message };
  if (error.kind === "storage") return { type: "retry", reason, rows, endless: true };
  if (error.kind === "internal" || WORTH_ANOTHER_TRY.has(code)) {
    return { type: "retry", reason, rows, endless: false };
  }
  return { type: "quarantined", reason, rows };
}
