import { z } from "zod";

/** An error of the API, as RFC 9457 (application/problem+json) has it. */
export const problemSchema = z.object({
  /** `urn:mysimbdp:problem:<code>`; the last segment is the failure's code. */
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  instance: z.string().optional(),
  /** Our extension: what to do. */
  hint: z.string().optional(),
  /** Our extension: machine-readable facts such as limits. */
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .optional(),
});
export type Problem = z.infer<typeof problemSchema>;

export const PROBLEM_TYPE_BASE = "urn:mysimbdp:problem:";
export const PROBLEM_MEDIA_TYPE = "application/problem+json";
