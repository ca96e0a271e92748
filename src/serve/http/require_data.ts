import { Failure } from "../../base/failure.ts";
import type { DiskState } from "../../data/disk_state.ts";
import { noSpace } from "../../data/free_space.ts";
import type { AppMiddleware } from "./env.ts";

/** What answers without the data directory. */
const WITHOUT_DATA = new Set(["/livez", "/metrics"]);

/**
 * Answers 503 while the data directory is gone. Without the accounts in it, every password would be
 * refused as wrong.
 */
export function requireData(disk: DiskState): AppMiddleware {
  return async (c, next) => {
    if (!disk.isGone || WITHOUT_DATA.has(c.req.path)) return await next();
    const message = noSpace("gone").message.replace("store anything", "answer");
    throw new Failure("server", "not-ready", message, { hint: "Try again later." });
  };
}
