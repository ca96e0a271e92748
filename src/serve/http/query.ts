import type { z } from "zod";
import type { AppContext } from "./env.ts";
import { badRequest } from "./problem_response.ts";

/**
 * Reads and checks the query of a request.
 * @throws {Failure} `bad-request`
 */
export function parseQuery<T>(c: AppContext, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(c.req.query());
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw badRequest(`Cannot use the query's "${issue?.path.join(".")}": ${issue?.message}`);
}
