import { z } from "zod";

/** An error of the API in the format of RFC 9457 (application/problem+json). */
export const problemSchema = z.object({
  /** `urn:mysimbdp:problem:<code>`; the last segment is the failure's code. */
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  instance: z.string().optional(),
  /** Extension: what to do. */
  hint: z.string().optional(),
  /** Extension: machine-readable facts such as limits. */
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .optional(),
});
export type Problem = z.infer<typeof problemSchema>;

export const PROBLEM_TYPE_BASE = "urn:mysimbdp:problem:";
export const PROBLEM_MEDIA_TYPE = "application/problem+json";
