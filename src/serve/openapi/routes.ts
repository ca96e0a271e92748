import { PATHS } from "../../protocol/paths.ts";
import { sendPage } from "../dashboard/page.tsx";
import type { AppHandler } from "../http/env.ts";
import { type Route, routesFor } from "../http/route.ts";
import { openApiDocument } from "./document.ts";
import { ReferencePage } from "./reference_page.tsx";

const define = routesFor("Server", "anyone");

/** The document of all routes, including this one; it is generated on the first request. */
export function documentRoute(routes: readonly Route[], version: string): Route {
  let text: string | undefined;
  return define({
    method: "get",
    path: PATHS.openapi,
    id: "openapi",
    summary: "Show this document",
    answer: { status: 200, description: "OpenAPI 3.1.", body: { example: { openapi: "3.1.0" } } },
    handle(c) {
      text ??= JSON.stringify(openApiDocument(routes, version), null, 2);
      return c.body(text, 200, { "Content-Type": "application/json" });
    },
  });
}

/** `GET /docs`: the same routes as a page. */
export function showReference(routes: readonly Route[], version: string): AppHandler {
  return (c) => sendPage(c, ReferencePage({ routes, version }));
}
