import { createHash } from "node:crypto";
import type { AppHandler } from "../http/env.ts";
import { notFound } from "../http/problem_response.ts";

/** The path below which assets are served. */
export const ASSETS_PATH = "/assets";

const STYLE = "text/css; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";

/**
 * Every asset that a page loads; nothing else is served, and nothing comes from another server.
 * `vendored` is a file of an npm package, which the build copies into the same folder.
 */
export const ASSETS: Record<string, { type: string; vendored?: string }> = {
  "site.css": { type: STYLE },
  "icon.svg": { type: "image/svg+xml" },
  "uplot.min.css": { type: STYLE, vendored: "uplot/dist/uPlot.min.css" },
  "uplot.min.js": { type: SCRIPT, vendored: "uplot/dist/uPlot.iife.min.js" },
  "site.js": { type: SCRIPT },
  "chart.js": { type: SCRIPT },
  "live.js": { type: SCRIPT },
  "actions.js": { type: SCRIPT },
  "report.js": { type: SCRIPT },
  "module.js": { type: SCRIPT },
  "test_run.js": { type: SCRIPT },
  "transfer.js": { type: SCRIPT },
  "upload.js": { type: SCRIPT },
  "rejects.js": { type: SCRIPT },
  "tus.min.js": { type: SCRIPT, vendored: "tus-js-client/dist/tus.min.js" },
};

/** `GET /assets/:name`. Browsers revalidate each time and get 304 while their copy is current. */
export function showAsset(): AppHandler {
  const loaded = new Map<string, { bytes: Uint8Array<ArrayBuffer>; etag: string }>();
  return async (c) => {
    const name = c.req.param("name") ?? "";
    const asset = Object.hasOwn(ASSETS, name) ? ASSETS[name] : undefined;
    if (!asset) throw notFound(c.req.path);
    let found = loaded.get(name);
    if (!found) {
      const bytes = await Deno.readFile(locate(name, asset.vendored));
      found = { bytes, etag: `"${createHash("sha256").update(bytes).digest("hex").slice(0, 20)}"` };
      loaded.set(name, found);
    }
    const headers = {
      "Content-Type": asset.type,
      "Cache-Control": "no-cache",
      "ETag": found.etag,
      "X-Content-Type-Options": "nosniff",
    };
    const known = c.req.header("If-None-Match") === found.etag;
    return known ? c.body(null, 304, headers) : c.body(found.bytes, 200, headers);
  };
}

function locate(name: string, vendored: string | undefined): URL {
  return vendored === undefined || Deno.build.standalone
    ? new URL(`./assets/${name}`, import.meta.url)
    : new URL(`../../../node_modules/${vendored}`, import.meta.url);
}
