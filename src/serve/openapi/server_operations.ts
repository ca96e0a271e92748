import { PATHS } from "../../protocol/paths.ts";
import { healthSchema } from "../../protocol/session.ts";
import type { Operation } from "./operation.ts";

const TAG = "Server";
const ok = { schema: healthSchema, example: { status: "ok" } };

/** The server itself; nobody has to sign in. */
export const SERVER_OPERATIONS: Operation[] = [
  {
    method: "get",
    path: PATHS.live,
    id: "live",
    tag: TAG,
    summary: "Whether the process answers",
    audience: "anyone",
    answer: { status: 200, description: "It does; nothing else was asked.", body: ok },
  },
  {
    method: "get",
    path: PATHS.ready,
    id: "ready",
    tag: TAG,
    summary: "Whether files can be taken",
    audience: "anyone",
    answer: { status: 200, description: "A file can be written.", body: ok },
    problems: ["not-ready"],
  },
  {
    method: "get",
    path: PATHS.metrics,
    id: "metrics",
    tag: TAG,
    summary: "Metrics for Prometheus",
    description: "It names tenants: a proxy should not let the outside see it.",
    audience: "anyone",
    answer: {
      status: 200,
      description: "The text format of Prometheus.",
      body: { mediaType: "text/plain", example: 'mysimbdp_build_info{version="0.1.0"} 1\n' },
    },
    problems: ["unavailable"],
  },
  {
    method: "get",
    path: PATHS.openapi,
    id: "openapi",
    tag: TAG,
    summary: "This document",
    audience: "anyone",
    answer: {
      status: 200,
      description: "OpenAPI 3.1.",
      body: { example: { openapi: "3.1.0" } },
    },
  },
];
