import { adviceOf, Failure } from "../base/failure.ts";
import { platformReason } from "../base/platform_reason.ts";
import type { FileReason, RowCounts } from "../protocol/file_view.ts";
import type { ReadBack } from "../storage/contract.ts";

/** How one attempt to load a file ended. */
export type Outcome =
  | {
    type: "ingested";
    rows: RowCounts;
    moduleVersion: string;
    replacedFiles: readonly string[];
    notices: string[];
    readBack?: ReadBack;
  }
  /** The file was refused before a record was read. `replacedBy`: a later version of it is loaded. */
  | { type: "refused"; reason: FileReason; replacedBy?: string | undefined }
  /** The file or its module has a fault; nothing was stored. `detail`: for the operator only. */
  | {
    type: "quarantined";
    reason: FileReason;
    rows: RowCounts | null;
    detail?: string;
    notices?: string[];
  }
  /**
   * Something else failed, so a later attempt may succeed. `endless`: the storage failed; this attempt
   * does not count. `lastReason`: the reason if no attempt is left. `detail`: for the operator only.
   * `neededBytes`: the disk was full, and this is the free space that the next attempt needs.
   */
  | {
    type: "retry";
    reason: FileReason;
    lastReason: FileReason;
    detail: string;
    rows: RowCounts | null;
    endless: boolean;
    neededBytes?: number;
  }
  /** An operator ended it. */
  | { type: "cancelled"; reason: FileReason }
  /** The service is shutting down, or others wait; the file returns to the queue as if it had not started. */
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
  const detail = adviceOf(error);
  // Permissions of the data directory are not the fault of the file.
  if (error instanceof Deno.errors.PermissionDenied) {
    const reason = PERMISSION_DENIED;
    return { type: "retry", reason, lastReason: reason, detail, rows, endless: true };
  }
  const failure = error instanceof Failure ? error : new Failure("internal", "internal", detail);
  const why = platformReason(failure);
  if (why !== null) return platformFailed(failure, why, detail, rows);
  const { code, details } = failure;
  const reason = { code, message: detail };
  if (code === "superseded") return { type: "refused", reason, replacedBy: String(details["by"]) };
  if (!WORTH_ANOTHER_TRY.has(code)) return { type: "quarantined", reason, rows };
  return { type: "retry", reason, lastReason: reason, detail, rows, endless: false };
}

/** The platform failed, not the file. Its customer does not see the error. */
function platformFailed(
  { kind, code, details }: Failure,
  why: string,
  detail: string,
  rows: RowCounts | null,
): Outcome {
  const waits = `Cannot load the file yet: ${why}. The file waits and is loaded as soon as ` +
    "possible; you need not do anything.";
  const ends = `Cannot load the file: ${why}. This is not the fault of the file. It is kept, and ` +
    "the platform's operator can load it again.";
  return {
    type: "retry",
    reason: { code, message: waits },
    lastReason: { code, message: ends },
    ...{ detail, rows, endless: kind === "storage" },
    ...(code === "storage-full" && { neededBytes: Number(details["neededBytes"] ?? 0) }),
  };
}
