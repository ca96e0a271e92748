import type { AppMiddleware } from "./env.ts";
import { badRequest } from "./problem_response.ts";

/**
 * Refuses a request that states the length of its body in two ways (RFC 9112 6.1): a proxy that
 * believes the other one would take a part of the body for a request of somebody else.
 */
export function requireOneLength(): AppMiddleware {
  return async (c, next) => {
    const { headers } = c.req.raw;
    if (headers.has("Transfer-Encoding") && headers.has("Content-Length")) {
      c.header("Connection", "close");
      throw badRequest(
        "Cannot read the request: it has both Content-Length and Transfer-Encoding",
        "Send one of them.",
      );
    }
    await next();
  };
}

/**
 * Closes the connection after a request in chunks. Of one with both lengths the runtime shows only
 * `Transfer-Encoding` if that comes first, so that what follows may be a part of the same request.
 */
export function closeAfterChunks(request: Request, response: Response): Response {
  if (request.headers.has("Transfer-Encoding")) response.headers.set("Connection", "close");
  return response;
}
