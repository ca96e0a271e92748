import type { Context, MiddlewareHandler } from "hono";
import type { TokenScope } from "../../protocol/tokens.ts";
import type { Arrival } from "./arrival.ts";
import type { BodyBudget } from "./body_budget.ts";

/** What an API token must be allowed to do for a route; `account`: none is, only the password. */
export type RouteScope = "send" | "module" | "account";

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
    /** The API token with which the caller authenticates; null with a password or a session. */
    apiToken: { id: string; scope: TokenScope } | null;
    /** Of the caller's password; null with a token. */
    generation: string | null;
    /** Whether what the caller authenticated with is still valid; streams end when it is not. */
    stillValid: () => boolean;
    /** This request as a step of a trace; null without tracing. */
    traceparent: string | null;
    /** The budget of all bodies. */
    bodies: BodyBudget;
  };
}

export type AppContext = Context<AppEnv>;
export type AppHandler = (c: AppContext) => Response | Promise<Response>;
export type AppMiddleware = MiddlewareHandler<AppEnv>;
