import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { PATHS } from "../../protocol/paths.ts";
import { sendPage } from "../dashboard/page.tsx";
import type { AppHandler } from "../http/env.ts";
import { publicUrl } from "../http/public_url.ts";
import { type Route, routesFor } from "../http/route.ts";
import { openApiDocument } from "./document.ts";
import { ReferencePage } from "./reference_page.tsx";

const define = routesFor("Server", "anyone");

/**
 * The document of all routes, including this one; it is generated on the first request. Only the
 * URL of the server depends on the request.
 */
export function documentRoute(routes: readonly Route[], version: string): Route {
  let document: ReturnType<typeof openApiDocument> | undefined;
  return define({
    method: "get",
    path: PATHS.openapi,
    id: "openapi",
    summary: "Show this document",
    answer: { status: 200, description: "OpenAPI 3.1.", body: { example: { openapi: "3.1.0" } } },
    handle(c) {
      document ??= openApiDocument(routes, version);
      const here = { ...document, servers: [{ url: publicUrl(c) }] };
      return c.body(JSON.stringify(here, null, 2), 200, { "Content-Type": "application/json" });
    },
  });
}

/** Stands for the URL of the server in the page, which is rendered once. */
const HERE = "https://server.invalid";

/** `GET /docs`: the same routes as a page. */
export function showReference(routes: readonly Route[], version: string): AppHandler {
  let page: Promise<string> | undefined;
  return async (c) => {
    page ??= renderOnce(() => ReferencePage({ routes, version, server: HERE }));
    // In a text, which a URL without "<" cannot leave.
    return await sendPage(c, raw((await page).replaceAll(HERE, () => publicUrl(c))));
  };
}

async function renderOnce(render: () => Child): Promise<string> {
  return String(await render());
}
