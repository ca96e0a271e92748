import type { Hono } from "hono";
import type { ContentfulStatusCode, StatusCode } from "hono/utils/http-status";
import { z } from "zod";
import { requireScope } from "./auth.ts";
import { parsed, readJson } from "./body.ts";
import type { AppContext, AppEnv, AppHandler, RouteScope } from "./env.ts";
import type { ProblemCode } from "./problems.ts";

/** Who may call a route: everyone, a customer for its own data, or an operator for all data. */
export type Audience = "anyone" | "customer" | "operator";

/** A parameter in the path or in a header. */
export interface Parameter {
  description: string;
  example: string;
  /** @default true */
  required?: boolean;
}

/** The body of a request or of an answer. */
export interface Body<S extends z.ZodType = z.ZodType> {
  /** For JSON: checks a request's body, types an answer's. Other bodies have none. */
  schema?: S;
  /** @default "application/json" */
  mediaType?: string;
  example: unknown;
}

/** The body of a request; without a schema the handler reads it. */
interface RequestBody<S extends z.ZodType = z.ZodType> extends Body<S> {
  /** @default true */
  required?: boolean;
  /** Whether it is too large to be read here: the handler does that. @default false */
  isLarge?: boolean;
}

/** The answer to a request that succeeds. */
interface Answer<S extends z.ZodType = z.ZodType> {
  status: number;
  description: string;
  body?: Body<S>;
  /** Descriptions of its headers. */
  headers?: Record<string, string>;
}

/** Returns the answer of a route that sends JSON. */
export function json<S extends z.ZodType>(
  status: number,
  description: string,
  schema: S,
  example: unknown,
): Answer<S> {
  return { status, description, body: { schema, example } };
}

/** A route as the server registers it and as the API document describes it. */
export interface Route {
  tag: string;
  audience: Audience;
  /** Customers' routes: what an API token must be allowed to do. @default "send" */
  scope?: RouteScope;
  method: "get" | "head" | "post" | "put" | "patch" | "delete" | "options";
  /** In Hono's notation: `/v1/files/:id`. */
  path: string;
  /** Unique; names the operation in generated clients. */
  id: string;
  summary: string;
  description?: string;
  /** The parameters of the path. */
  params?: Record<string, Parameter>;
  headers?: Record<string, Parameter>;
  /** An object schema: each key is a parameter. The example fills the example request. */
  query?: { schema: z.ZodType; example?: Record<string, string> };
  body?: RequestBody;
  answer: Answer;
  /** Problems in addition to those that every route of its audience can answer with. */
  problems?: ProblemCode[];
  /** Whether it stores something, which needs room on the disk. @default true unless it is GET, HEAD or OPTIONS */
  writes?: boolean;
  handle: AppHandler;
}

/** The names of a path's parameters: `"id"` for `/v1/files/:id`. */
type ParamNames<Path extends string> = Path extends `${string}/:${infer Name}/${infer Rest}`
  ? Name | ParamNames<`/${Rest}`>
  : Path extends `${string}/:${infer Name}` ? (Name extends `${string}?` ? never : Name)
  : never;

/** A route as its author writes it: the handler gets what the schemas parsed. */
interface Contract<
  Path extends string,
  Query extends z.ZodType,
  Sent extends z.ZodType,
  Answered extends z.ZodType,
> extends Omit<Route, "tag" | "audience" | "handle"> {
  path: Path;
  params?: Record<ParamNames<Path>, Parameter>;
  query?: { schema: Query; example?: Record<string, string> };
  body?: RequestBody<Sent>;
  answer: Answer<Answered>;
  /** Returns the body of the answer, or a whole response if it is not JSON. */
  handle(
    c: AppContext,
    request: {
      params: Record<ParamNames<Path>, string>;
      query: z.output<Query>;
      body: z.output<Sent>;
    },
  ): z.input<Answered> | Response | Promise<z.input<Answered> | Response>;
}

/**
 * Returns the function that defines the routes of one tag and audience. A route is its contract:
 * one call gives method, path, schemas, examples and handler. {@link addRoutes} registers it, and
 * the API document is generated from it.
 *
 * It is our own function because @hono/zod-openapi and hono-openapi read worse here: both pass the
 * handler separately from its contract, parse JSON only with a matching `Content-Type`, and would
 * need helpers for audiences, problem codes and the header-only answers of tus on top.
 *
 * @param scope of routes that name no other
 *
 * @example
 * ```ts ignore
 * const define = routesFor("Files", "customer");
 * define({
 *   method: "get",
 *   path: "/v1/files/:id",
 *   id: "showFile",
 *   summary: "Show a file",
 *   params: { id: { description: "The file.", example: EXAMPLE_ID } },
 *   answer: json(200, "The file.", fileViewSchema, EXAMPLE_FILE),
 *   problems: ["not-found"],
 *   handle: (c, { params }) => fileOf(c.get("tenant"), params.id),
 * });
 * ```
 */
export function routesFor(tag: string, audience: Audience, scope: RouteScope = "send") {
  return <
    const Path extends string,
    Query extends z.ZodType = z.ZodVoid,
    Sent extends z.ZodType = z.ZodVoid,
    Answered extends z.ZodType = z.ZodVoid,
  >(contract: Contract<Path, Query, Sent, Answered>): Route => {
    const { query, body, answer: { status }, handle } = contract;
    return {
      ...contract,
      description: described(contract.description, contract.scope ?? scope),
      tag,
      audience,
      async handle(c) {
        if (audience === "customer") requireScope(c, contract.scope ?? scope);
        const result = await handle(
          c,
          {
            params: c.req.param() as Record<ParamNames<Path>, string>,
            query: query && parsed(query.schema, c.req.query(), "query parameter"),
            body: body?.schema && !body.isLarge &&
              parsed(body.schema, await readJson(c, whenEmpty(body)), "field"),
          } as Parameters<typeof handle>[1],
        );
        if (result instanceof Response) return result;
        if (result === undefined) return c.body(null, status as StatusCode);
        return c.json(result as object, status as ContentfulStatusCode);
      },
    };
  };
}

/**
 * Registers routes in their order. `beforeWrite` throws if nothing can be stored now. Hono answers HEAD with the handler for GET, without a body.
 */
export function addRoutes(
  app: Hono<AppEnv>,
  routes: readonly Route[],
  beforeWrite: () => Promise<void>,
): void {
  for (const route of routes) {
    const { method, path, handle } = route;
    const checked: AppHandler = async (c) => {
      await beforeWrite();
      return await handle(c);
    };
    app.on(
      method === "head" ? "GET" : method.toUpperCase(),
      path,
      storesSomething(route) ? checked : handle,
    );
  }
}

/** Says what an API token must be allowed to do, unless it is what all may. */
function described(description: string | undefined, scope: RouteScope): string | undefined {
  if (scope === "send") return description;
  const needs = scope === "account"
    ? "No API token can use this."
    : `API tokens need the scope \`${scope}\`.`;
  return description === undefined ? needs : `${description} ${needs}`;
}

function whenEmpty({ required = true }: RequestBody): object | undefined {
  return required ? undefined : {};
}

/** Whether a route needs room on the disk. */
export function storesSomething({ method, writes }: Route): boolean {
  return writes ?? !["get", "head", "options"].includes(method);
}
