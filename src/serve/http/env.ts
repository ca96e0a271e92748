import type { Context, Handler, MiddlewareHandler } from "hono";

/** What a request carries through the handlers. */
export interface AppEnv {
  Bindings: {
    /** The client's network address; undefined when the app is called in process. */
    address?: string;
    /** A page of this server asks; it is no request of its own. */
    inner?: boolean;
  };
  Variables: {
    /** Whose request it is, once it is authenticated; not set below `/v1/admin`. */
    tenant: string;
    /** Which operator's request it is; set below `/v1/admin` alone. */
    operator?: string;
    /** The token that it came with, as a bearer or in a cookie; null for a password. */
    token: string | null;
    /** The step of a trace that this request is; null where nobody traces. */
    traceparent: string | null;
  };
}

export type AppContext = Context<AppEnv>;
export type AppHandler = Handler<AppEnv>;
export type AppMiddleware = MiddlewareHandler<AppEnv>;
