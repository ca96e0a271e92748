import type { AppHandler } from "../http/env.ts";
import { type KeptAnswer, keptAnswer, sendKept } from "../http/kept_answer.ts";
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
  const loaded = new Map<string, KeptAnswer>();
  return async (c) => {
    const name = c.req.param("name") ?? "";
    const asset = Object.hasOwn(ASSETS, name) ? ASSETS[name] : undefined;
    if (!asset) throw notFound(c.req.path);
    let found = loaded.get(name);
    if (!found) {
      found = keptAnswer(await Deno.readFile(locate(name, asset.vendored)));
      loaded.set(name, found);
    }
    return sendKept(c, found, asset.type);
  };
}

function locate(name: string, vendored: string | undefined): URL {
  return vendored === undefined || Deno.build.standalone
    ? new URL(`./assets/${name}`, import.meta.url)
    : new URL(`../../../node_modules/${vendored}`, import.meta.url);
}
