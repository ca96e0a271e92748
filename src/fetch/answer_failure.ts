import { Failure, type FailureKind } from "../base/failure.ts";
import { type Problem, problemSchema } from "../protocol/problem.ts";
import { foreignAnswer } from "./network_failure.ts";

/** The server and the account of a request. */
interface Login {
  server: string;
  user: string;
  hasToken: boolean;
}

/** Codes about the file itself, whatever the status. */
const ABOUT_THE_FILE = new Set([
  "format-not-allowed",
  "file-too-large",
  "too-many-files",
  "too-many-unfinished",
  "bad-file-name",
]);

/** The server ended the request, for example at its shutdown; the upload can be resumed. */
const PASSING_CODE = "upload-interrupted";
/** The server itself answers with a problem document. */
const BY_A_PROXY =
  "A proxy in front of the server seems to answer. Try again later; if it lasts, ask the operator.";
/** Too many failed logins. */
const AUTH_CODE = "throttled";

/** Statuses after which the same request may succeed: overload, a locked upload, 5xx. */
function mayPass(status: number): boolean {
  return status === 408 || status === 423 || status === 429 ||
    (status >= 500 && status !== 501 && status !== 507);
}

/**
 * Returns the {@link Failure} for a response that is not 2xx; reads the whole body. The message is
 * the server's (RFC 9457) if it sent one.
 */
export async function answerFailure(
  response: Response,
  to: Login,
  method: string,
  path: string,
): Promise<Failure> {
  const problem = await readProblem(response);
  if (response.status === 401) return to.hasToken ? badToken(to, problem) : badCredentials(to);
  const moved = redirection(response, to.server, path);
  if (moved !== null) return redirected(to.server, moved, response.status);
  if (problem === null && response.status < 500 && response.status !== 403) {
    if (response.status < 400 || response.status === 404 || response.status === 405) {
      const { status } = response;
      return foreignAnswer(to.server, `it answered ${status} to ${method} ${path}`, { status });
    }
  }
  const sentence = problem?.detail ?? problem?.title ??
    `Cannot use the server "${to.server}": it answered ${response.status} to ${method} ${path}`;
  const code = codeOf(problem, response.status);
  const aboutTheFile = ABOUT_THE_FILE.has(code);
  const passing = code === PASSING_CODE || mayPass(response.status);
  return new Failure(aboutTheFile ? "refused" : kindOf(response.status, code), code, sentence, {
    hint: problem === null ? BY_A_PROXY : problem.hint,
    details: {
      ...problem?.details,
      status: response.status,
      passing: !aboutTheFile && passing,
      unreachable: false,
      ...(response.status === 429 ? { retryAfterSeconds: retryAfter(response) } : {}),
    },
  });
}

/** Where a response redirects to, without the path of the request; null if it does not. */
function redirection({ status, headers }: Response, server: string, path: string): string | null {
  const location = headers.get("location");
  if (status < 300 || status > 399 || location === null) return null;
  const base = `${server}${path}`;
  if (!URL.canParse(location, base)) return null;
  const { origin, pathname } = new URL(location, base);
  return `${origin}${pathname.endsWith(path) ? pathname.slice(0, -path.length) : ""}`;
}

/** A redirect is not followed: it could send the password to another server. */
function redirected(server: string, to: string, status: number): Failure {
  return new Failure(
    "server",
    "foreign-answer",
    `Cannot use the server "${server}": it redirects to ${to}`,
    {
      hint: `Use ${to} if that is the server's address.`,
      details: { passing: false, unreachable: true, status },
    },
  );
}

/** The seconds of the `Retry-After` header (RFC 9110); 1 if it is missing. */
export function retryAfter(response: Response): number {
  const value = response.headers.get("retry-after");
  if (value === null) return 1;
  if (/^\d+$/.test(value)) return Number(value);
  const seconds = (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? 1 : Math.max(0, seconds);
}

/** The HTTP status of a failure; 0 if there was no response. */
export function statusOf(error: unknown): number {
  return error instanceof Failure ? Number(error.details.status ?? 0) : 0;
}

async function readProblem(response: Response): Promise<Problem | null> {
  try {
    return problemSchema.parse(JSON.parse(await response.text()));
  } catch {
    // Not a problem document: only the status is known.
    return null;
  }
}

function badCredentials(to: Login): Failure {
  const text = `Cannot log in as "${to.user}": wrong user name or password`;
  return new Failure("auth", "bad-credentials", text, {
    hint: "Check the user name given with -u, and the password.",
    details: { status: 401 },
  });
}

function badToken({ server }: Login, problem: Problem | null): Failure {
  const text = problem?.detail ?? "Cannot use this API token: it expired or was revoked";
  return new Failure("auth", "bad-token", text, {
    hint: `Run mysimbdp fetch login ${server} to create another one.`,
    details: { status: 401 },
  });
}

function kindOf(status: number, code: string): FailureKind {
  if (status === 403 || code === AUTH_CODE) return "auth";
  if (status === 507) return "storage";
  return status >= 500 || mayPass(status) || code === PASSING_CODE ? "server" : "refused";
}

function codeOf(problem: Problem | null, status: number): string {
  return problem?.type.split(":").at(-1)?.split("/").at(-1) || `http-${status}`;
}
