import { z } from "zod";
import { FILE_STATES } from "./file_view.ts";

/** A customer's files and rows, and what its limits still allow. */
export const usageSchema = z.object({
  /** Files by state. */
  files: z.record(z.enum(FILE_STATES), z.int().nonnegative()),
  rows: z.object({ stored: z.int().nonnegative(), rejected: z.int().nonnegative() }),
  uploads: z.object({
    /** Unfinished uploads that count towards the limit. */
    unfinished: z.int().nonnegative(),
    /** How many more uploads can be started now, outside a batch. */
    left: z.int().nonnegative(),
  }),
});
export type Usage = z.infer<typeof usageSchema>;
