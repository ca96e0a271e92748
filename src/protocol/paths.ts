/** The HTTP routes and headers that `fetch` and `serve` agree on. */
export const PATHS = {
  constraints: "/v1/constraints",
  session: "/v1/session",
  tokens: "/v1/tokens",
  uploads: "/v1/uploads",
  batches: "/v1/batches",
  files: "/v1/files",
  module: "/v1/module",
  usage: "/v1/usage",
  events: "/v1/events",
  admin: "/v1/admin",
  moduleLog: "/v1/module/log",
  live: "/livez",
  ready: "/readyz",
  metrics: "/metrics",
  openapi: "/openapi.json",
  docs: "/docs",
} as const;

/** The first parts of all paths of the server, also of its pages. */
export const FIRST_PARTS: readonly string[] = [
  "v1",
  "livez",
  "readyz",
  "metrics",
  "openapi.json",
  "docs",
  "assets",
  "sign-in",
  "sign-out",
  "files",
  "module",
  "operator",
];

/**
 * Whether the server can be reached under a path such as `/intake`, with and without this prefix. A
 * prefix that begins like the server's own paths would be ambiguous.
 */
export function isPrefix(path: string): boolean {
  return path.length <= 200 && /^(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/.test(path) &&
    !FIRST_PARTS.includes(path.split("/")[1] ?? "");
}

/** Headers in addition to those of tus 1.0.0. */
export const HEADERS = {
  /** On the response that completes an upload: the id of the file at `/v1/files/:id`. */
  fileId: "Mysimbdp-File-Id",
  /** On the same response: the version of the file; 2 for the second content of this name. */
  fileVersion: "Mysimbdp-File-Version",
  /**
   * On the same response: the hex SHA-256 that the server computed from the bytes received. On a
   * PATCH: the SHA-256 that the client expects, if it was not in `Upload-Metadata`.
   */
  sha256: "Mysimbdp-Sha256",
} as const;

/** The protocol version of tus that both sides speak. */
export const TUS_VERSION = "1.0.0";
