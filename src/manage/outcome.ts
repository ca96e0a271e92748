import { Failure, messageOf } from "../base/failure.ts";
import type { FileReason, RowCounts } from "../protocol/file_view.ts";

/** How one attempt to load a file ended. */
export type Outcome =
  | {
    type: "ingested";
    rows: RowCounts;
    moduleVersion: string;
    replacedFiles: readonly string[];
    notices: string[];
  }
  /** The file was refused before a record was read. `replacedBy`: a later version of it is loaded. */
  | { type: "refused"; reason: FileReason; replacedBy?: string | undefined }
  /** The file or its module has a fault; nothing was stored. */
  | { type: "quarantined"; reason: FileReason; rows: RowCounts | null; notices?: string[] }
  /**
   * Something else failed, so a later attempt may succeed. `endless`: attempts are not limited.
   * `neededBytes`: the disk was full, and this is the free space that the next attempt needs; this
   * attempt does not count.
   */
  | {
    type: "retry";
    reason: FileReason;
    rows: RowCounts | null;
    endless: boolean;
    neededBytes?: number;
  }
  /** The service is shutting down; the file returns to the queue as if it had not started. */
  | { type: "released" };

// The file may not be the cause when a process ends without a reason.
const WORTH_ANOTHER_TRY = new Set([
  "sandbox-exit",
  "sandbox-forged",
  "module-crashed",
  "sandbox-failed",
]);

const PERMISSION_DENIED: FileReason = {
  code: "permission-denied",
  message:
    "Cannot load the file: the platform has no permission to read it. The operator can run " +
    "mysimbdp manage doctor to find out why; the file is then loaded.",
};

/**
 * The outcome of an attempt that failed.
 *
 * @param rows the counts until then; null when nothing was read
 */
export function outcomeOf(error: unknown, rows: RowCounts | null = null): Outcome {
  // Permissions of the data directory are not the fault of the file.
  if (error instanceof Deno.errors.PermissionDenied) {
    return { type: "retry", reason: PERMISSION_DENIED, rows, endless: true };
  }
  if (!(error instanceof Failure)) {
    const reason = { code: "internal", message: `Cannot load the file: ${messageOf(error)}` };
    return { type: "retry", reason, rows, endless: false };
  }
  const { code, message, hint } = error;
  const reason = { code, message: hint ? `${message}. ${hint}` : message };
  if (error.kind === "storage") {
    const full = code === "storage-full" &&
      { neededBytes: Number(error.details["neededBytes"] ?? 0) };
    return { type: "retry", reason, rows, endless: true, ...full };
  }
  if (code === "superseded") {
    return { type: "refused", reason, replacedBy: String(error.details["by"]) };
  }
  if (error.kind === "internal" || WORTH_ANOTHER_TRY.has(code)) {
    return { type: "retry", reason, rows, endless: false };
  }
  return { type: "quarantined", reason, rows };
}
