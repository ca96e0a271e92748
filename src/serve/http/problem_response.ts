import type { StatusCode } from "hono/utils/http-status";
import { Failure, messageOf } from "../../base/failure.ts";
import { type Problem, PROBLEM_MEDIA_TYPE, PROBLEM_TYPE_BASE } from "../../protocol/problem.ts";
import { shortened } from "../../base/shortened.ts";
import type { AppContext } from "./env.ts";
import type { Emit, TelemetryEvent } from "../../telemetry/events.ts";
import { prefixOf } from "./public_url.ts";
import { type ProblemCode, PROBLEMS, titleOf } from "./problems.ts";

/** What clients sent is in details, `instance` and the log up to this length. */
const MAX_CHARS = { name: 200, detail: 500 };

/** The failure for an unknown path, or for something that the caller cannot see: `file "x"`. */
export function notFound(what: string, hint?: string): Failure {
  const text = `Cannot find ${shortened(what, MAX_CHARS.name)}`;
  return new Failure("refused", "not-found", text, { hint });
}

/** The failure for a request that does not follow the protocol. */
export function badRequest(detail: string, hint?: string): Failure {
  return new Failure("refused", "bad-request", detail, { hint });
}

/**
 * Turns any error into a response: RFC 9457 problem+json. An unexpected error is reported; the
 * client only learns that the server failed.
 */
export function problemResponse(c: AppContext, error: unknown, emit: Emit): Response {
  if (!(error instanceof Failure) || !isShown(error.code)) {
    emit(requestFailed(c.req.method, shortened(c.req.path, MAX_CHARS.name), error));
    const why = whyUnavailable(error);
    return why === null
      ? respond(c, "internal", "Cannot answer: the server failed")
      : respond(c, "unavailable", `Cannot answer now: ${why}`);
  }
  const { code } = error;
  const detail = shortened(messageOf(error), MAX_CHARS.detail);
  emit(refusal(c, code, detail));
  return respond(c, code, detail, error);
}

/** What the operator has to repair before the request can succeed; null for other errors. */
function whyUnavailable(error: unknown): string | null {
  if (error instanceof Failure && error.kind === "storage") return "the storage is not available";
  return error instanceof Deno.errors.PermissionDenied
    ? "the server has no permission to read your files; its operator can run mysimbdp manage doctor"
    : null;
}

/** The event for an unexpected error, whose cause the client does not see. */
export function requestFailed(method: string, route: string, error: unknown): TelemetryEvent {
  const code = error instanceof Failure ? error.code : "internal";
  return { kind: "request.failed", method, route, code, error: messageOf(error) };
}

function refusal(c: AppContext, code: ProblemCode, detail: string): TelemetryEvent {
  const tenant = c.get("tenant") ?? null;
  if (code === "throttled") return loginRefused(c, tenant, true);
  if (code !== "unauthorized") {
    return { kind: "request.refused", tenant, code, status: PROBLEMS[code].status, detail };
  }
  // The first request of a browser has no password: that is not a failed login.
  if (c.req.header("Authorization") === undefined) return { kind: "auth.required" };
  return loginRefused(c, tenant, false);
}

/** The event for a refused login. */
export function loginRefused(
  c: AppContext,
  tenant: string | null,
  throttled: boolean,
): TelemetryEvent {
  return { kind: "auth.failed", tenant, address: c.env?.address ?? "local", throttled };
}

/** True for failures that clients may see; others may reveal internals of the server. */
function isShown(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}

function respond(c: AppContext, code: ProblemCode, detail: string, failure?: Failure): Response {
  const { status } = PROBLEMS[code];
  c.header("Content-Type", PROBLEM_MEDIA_TYPE);
  const seconds = failure?.details.retryAfterSeconds ?? (status === 503 ? 1 : undefined);
  if (seconds !== undefined) c.header("Retry-After", String(seconds));
  if (status === 401) {
    // With Basic, a browser would show its own dialog on top of the dashboard.
    if (c.req.header("Sec-Fetch-Site") === undefined) {
      c.header("WWW-Authenticate", 'Basic realm="mysimbdp", charset="UTF-8"');
    }
    c.header("WWW-Authenticate", 'Bearer realm="mysimbdp"', { append: true });
  }
  if (code === "insufficient-scope") {
    const scope = String(failure?.details.scope);
    c.header("WWW-Authenticate", `Bearer error="insufficient_scope", scope="${scope}"`);
  }
  const hasDetails = failure && Object.keys(failure.details).length > 0;
  const problem: Problem = {
    type: PROBLEM_TYPE_BASE + code,
    title: titleOf(code),
    status,
    detail,
    instance: (prefixOf(c) + c.req.path).slice(0, MAX_CHARS.name),
    ...(failure?.hint === undefined ? {} : { hint: failure.hint }),
    ...(hasDetails ? { details: failure.details } : {}),
  };
  // Hono's type has only registered statuses; 460 is defined by tus.
  return c.newResponse(JSON.stringify(problem), status as StatusCode);
}
