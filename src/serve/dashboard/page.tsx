import { withInvisibleShown } from "../../base/invisible.ts";
import type { Child } from "hono/jsx";
import { ASSETS_PATH } from "./assets.ts";
import type { AppContext } from "../http/env.ts";
import { prefixLinks, prefixOf } from "../http/public_url.ts";

/** Who is signed in. */
export interface Viewer {
  name: string;
  role: "customer" | "operator";
}

/** What is the same on all pages of a request. */
export interface Frame {
  /** The version of the product. */
  version: string;
  viewer: Viewer | null;
}

/** What a page passes to its layout. */
interface PageProps extends Frame {
  title: string;
  /** Path of the navigation entry that this page belongs to. */
  at?: string;
  /** Scripts by their names in {@link ASSETS}: modules, except the `.min.js` files of packages. */
  scripts?: string[];
  /** Style sheets in addition to the shared one. */
  styles?: string[];
  /** Path of a stream of events; after each one the parts marked `data-live` are refreshed. */
  events?: string;
  children?: Child;
}

const NAVIGATION: Record<Viewer["role"], [string, string][]> = {
  customer: [["/", "Files"], ["/module", "Module"]],
  operator: [
    ["/operator", "Overview"],
    ["/operator/files", "Files"],
    ["/operator/tenants", "Tenants"],
    ["/operator/audit", "Audit log"],
  ],
};

/**
 * A page loads only this server's assets, and nothing inline. No page can be framed, which prevents
 * clickjacking.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Sends a page with its security headers. */
export async function sendPage(
  c: AppContext,
  page: Child,
  status: 200 | 400 | 401 | 403 | 404 | 429 | 503 = 200,
) {
  setPageHeaders(c);
  c.header("Cache-Control", "no-store");
  const html = prefixLinks(prefixOf(c), String(await page));
  // A name must not look like another one.
  return c.html(`<!doctype html>${withInvisibleShown(html, "\t\n\r")}`, status);
}

/** Sets the security headers of a page. */
export function setPageHeaders(c: AppContext): void {
  c.header("Content-Security-Policy", POLICY);
  c.header("Referrer-Policy", "same-origin");
  c.header("Cross-Origin-Opener-Policy", "same-origin");
}

/** The layout of every page. */
export function Page(props: PageProps) {
  const { title, version, viewer, at, scripts = [], styles = [], events, children } = props;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} – mysimbdp`}</title>
        <link rel="icon" href={`${ASSETS_PATH}/icon.svg`} type="image/svg+xml" />
        {[...styles, "site.css"].map((name) => (
          <link rel="stylesheet" href={`${ASSETS_PATH}/${name}`} />
        ))}
        {scripts.map((name) => <Script name={name} />)}
      </head>
      <body data-events={events}>
        <a class="skip" href="#main">Skip to content</a>
        {viewer && <Top viewer={viewer} at={at} />}
        <main id="main" tabindex={-1}>{children}</main>
        <footer class="foot">
          <div>
            <span>mysimbdp {version}</span>
            <a href="/docs">API</a>
          </div>
        </footer>
      </body>
    </html>
  );
}

/** Scripts run after the page is parsed, in their order on the page. */
function Script({ name }: { name: string }) {
  const src = `${ASSETS_PATH}/${name}`;
  return name.endsWith(".min.js")
    ? <script defer src={src}></script>
    : <script type="module" src={src}></script>;
}

function Top({ viewer, at }: { viewer: Viewer; at: string | undefined }) {
  return (
    <header class="top">
      <div>
        <Brand />
        <nav aria-label="Main">
          {NAVIGATION[viewer.role].map(([path, name]) => (
            <a href={path} aria-current={path === at ? "page" : undefined}>{name}</a>
          ))}
        </nav>
        <form class="who" method="post" action="/sign-out">
          <span>
            <strong>{viewer.name}</strong>
            {viewer.role === "operator" && " · operator"}
          </span>
          <button class="small" type="submit">Sign out</button>
        </form>
      </div>
    </header>
  );
}

/** The product's name and logo. */
export function Brand() {
  return (
    <a class="brand" href="/">
      <img src={`${ASSETS_PATH}/icon.svg`} alt="" width="28" height="28" />
      mysimbdp
    </a>
  );
}
