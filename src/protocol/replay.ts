import { z } from "zod";

/**
 * Which changes the rows of a replayed file win over: all earlier ones, as if the file were sent `now`;
 * or only those from before its `arrival`, as if it had never been loaded.
 */
export const REPLAY_ORDERS = ["now", "arrival"] as const;
export type ReplayOrder = (typeof REPLAY_ORDERS)[number];

/** That an operator wants a file to be loaded again. */
export const replaySchema = z.object({
  order: z.enum(REPLAY_ORDERS),
  /** Milliseconds since the epoch. */
  at: z.number(),
  /** Whether rows of the file had been stored before. */
  wasLoaded: z.boolean(),
});
export type Replay = z.infer<typeof replaySchema>;

const MEANINGS: Record<ReplayOrder, string> = {
  now: "as if it were sent now: its rows win over earlier files, deletes and dropped columns",
  arrival: "in its place: rows of files that arrived later win, and so do later deletes",
};

/**
 * What a replay does to the rows; continues a sentence about the file.
 *
 * @example
 * ```ts
 * import { replayMeaning } from "./replay.ts";
 * replayMeaning("arrival"); // "in its place: rows of files that arrived later win, and so do …"
 * ```
 */
export function replayMeaning(order: ReplayOrder): string {
  return MEANINGS[order];
}
