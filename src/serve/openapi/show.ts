import { sendPage } from "../dashboard/page.tsx";
import type { AppHandler } from "../http/env.ts";
import { openApiDocument } from "./document.ts";
import { OPERATIONS } from "./operations.ts";
import { ReferencePage } from "./reference_page.tsx";

/** `GET /openapi.json`: made when it is asked for first, so that a start costs nothing. */
export function showDocument(version: string): AppHandler {
  let text: string | undefined;
  return (c) => {
    text ??= JSON.stringify(openApiDocument(OPERATIONS, version), null, 2);
    return c.body(text, 200, { "Content-Type": "application/json" });
  };
}

/** `GET /docs` */
export function showReference(version: string): AppHandler {
  return (c) => sendPage(c, ReferencePage({ operations: OPERATIONS, version }));
}
