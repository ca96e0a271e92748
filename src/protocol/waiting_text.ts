import type { FileView } from "./file_view.ts";
import { formatCount } from "../base/count.ts";

/** What is known of a file that is not loaded yet. */
export type WaitingFacts = Pick<FileView, "state" | "waitingFor" | "nextTryAt" | "reason">;

/**
 * Says what a file is waiting for, for people, as a phrase that follows a colon.
 *
 * @param time formats a time of the API for the reader
 * @example
 * ```ts
 * import { waitingText } from "./waiting_text.ts";
 * const file = { state: "queued", nextTryAt: null, reason: null } as const;
 * waitingText({ ...file, waitingFor: { code: "queue", ahead: 3 } }); // "in the queue, 3 files ahead"
 * ```
 */
export function waitingText(
  { state, waitingFor, nextTryAt, reason }: WaitingFacts,
  time = (at: string) => at,
): string {
  if (state === "running" && waitingFor === null) return "loading";
  switch (waitingFor?.code) {
    case "module":
      return "there is no approved module for it yet";
    case "service":
      return "the loading service (manage) is not running";
    case "disk":
      return "the platform's disk is full";
    case "storage":
      return "the platform's database is not available";
    case "retry": {
      const at = nextTryAt === null ? "" : ` at ${time(nextTryAt)}`;
      return `next attempt${at}${reason === null ? "" : `: ${reason.message}`}`;
    }
    default:
      return queueText(waitingFor?.ahead ?? null);
  }
}

function queueText(ahead: number | null): string {
  if (ahead === null) return "in the queue";
  return ahead === 0 ? "next in the queue" : `in the queue, ${formatCount(ahead, "file")} ahead`;
}
