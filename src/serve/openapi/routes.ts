import type { Child } from "hono/jsx";
import { PATHS } from "../../protocol/paths.ts";
import { setPageHeaders } from "../dashboard/page.tsx";
import type { AppHandler } from "../http/env.ts";
import { AnswersByUrl, sendKept } from "../http/kept_answer.ts";
import { prefixLinks, publicUrl } from "../http/public_url.ts";
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
  const answers = new AnswersByUrl((url) => {
    document ??= openApiDocument(routes, version);
    return JSON.stringify({ ...document, servers: [{ url }] }, null, 2);
  });
  return define({
    method: "get",
    path: PATHS.openapi,
    id: "openapi",
    summary: "Show this document",
    answer: { status: 200, description: "OpenAPI 3.1.", body: { example: { openapi: "3.1.0" } } },
    handle: async (c) => sendKept(c, await answers.get(publicUrl(c)), "application/json"),
  });
}

/** Stands for the URL of the server in the page, which is rendered once. */
const HERE = "https://server.invalid";

/** `GET /docs`: the same routes as a page. */
export function showReference(routes: readonly Route[], version: string): AppHandler {
  let page: Promise<string> | undefined;
  const answers = new AnswersByUrl(async (url) => {
    page ??= renderOnce(() => ReferencePage({ routes, version, server: HERE }));
    // In a text, which a URL without "<" cannot leave.
    const html = (await page).replaceAll(HERE, () => url);
    return `<!doctype html>${prefixLinks(new URL(url).pathname.replace(/\/$/, ""), html)}`;
  });
  return async (c) => {
    setPageHeaders(c);
    return sendKept(c, await answers.get(publicUrl(c)), "text/html; charset=UTF-8");
  };
}

async function renderOnce(render: () => Child): Promise<string> {
  return String(await render());
}
