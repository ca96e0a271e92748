import type { Hono } from "hono";
import type { z } from "zod";
import { Failure } from "../../base/failure.ts";
import { problemSchema } from "../../protocol/problem.ts";
import type { AppContext, AppEnv } from "../http/env.ts";

/** Reads from this server's own API as the signed-in user. @throws {ApiRefusal} */
export type ReadApi = <T>(c: AppContext, path: string, schema: z.ZodType<T>) => Promise<T>;

/** The API answered with a problem. */
export class ApiRefusal extends Error {
  override readonly name = "ApiRefusal";
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/**
 * Returns the only source of data that pages have: the public API, called within the process with
 * the viewer's cookie.
 */
export function innerApi(app: Hono<AppEnv>): ReadApi {
  return async (c, path, schema) => {
    const headers = { Cookie: c.req.header("Cookie") ?? "" };
    const request = new Request(new URL(path, c.req.url), { headers });
    const response = await app.fetch(request, { ...c.env, inner: true });
    const body = await response.json();
    if (response.ok) return schema.parse(body);
    const problem = problemSchema.safeParse(body);
    if (problem.success) {
      throw new ApiRefusal(response.status, problem.data.detail ?? problem.data.title);
    }
    throw new Failure("internal", "inner-api", `Cannot read the response of "${path}"`);
  };
}
