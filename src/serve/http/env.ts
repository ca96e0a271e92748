import type { Context, MiddlewareHandler } from "hono";
import type { Arrival } from "./arrival.ts";

/** What a request carries through the handlers. */
export interface AppEnv {
  /** Without an arrival the app was called in process. */
  Bindings: Partial<Arrival> & {
    /** True for a request that a page of this server makes in process; it is not reported. */
    inner?: boolean;
  };
  Variables: {
    /** The authenticated customer; not set below `/v1/admin`. */
    tenant: string;
    /** The authenticated operator; set only below `/v1/admin`. */
    operator?: string;
    /** The caller's token, from `Authorization` or a cookie; null with a password. */
    token: string | null;
    /** This request as a step of a trace; null without tracing. */
    traceparent: string | null;
  };
}

export type AppContext = Context<AppEnv>;
export type AppHandler = (c: AppContext) => Response | Promise<Response>;
export type AppMiddleware = MiddlewareHandler<AppEnv>;
