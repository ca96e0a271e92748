import { z } from "zod";
import { FILE_STATES } from "./file_view.ts";

/** What a customer has there, and what of its limits is left. */
export const usageSchema = z.object({
  /** Files by state; those that were received and not looked at yet are in `received`. */
  files: z.record(z.enum(FILE_STATES), z.int().nonnegative()),
  rows: z.object({ stored: z.int().nonnegative(), rejected: z.int().nonnegative() }),
  uploads: z.object({
    /** Unfinished uploads that take a place. */
    unfinished: z.int().nonnegative(),
    /** How many more may be begun now, outside a batch. */
    left: z.int().nonnegative(),
  }),
});
export type Usage = z.infer<typeof usageSchema>;
