import type { AppHandler } from "../http/env.ts";
import type { UploadDeps } from "./deps.ts";
import { discoveryHeaders } from "./tus.ts";

/** `OPTIONS`: the capabilities of the server and the size limit of this tenant's files. */
export function discover(deps: UploadDeps): AppHandler {
  return async (c) => {
    const { data_sizes } = await deps.constraintsOf(c.get("tenant"));
    return c.body(null, 204, discoveryHeaders(Math.floor(data_sizes * 1024)));
  };
}
