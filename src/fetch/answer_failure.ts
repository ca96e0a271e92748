import { Failure, type FailureKind } from "../base/failure.ts";
import { type Problem, problemSchema } from "../protocol/problem.ts";
import { foreignAnswer } from "./network_failure.ts";

/** Whom the request went to and for whom. */
interface Addressee {
  server: string;
  user: string;
}

/** Codes of {@link checkFile} and its like: they are about the file, whatever the status is. */
const ABOUT_THE_FILE = new Set([
  "format-not-allowed",
  "file-too-large",
  "too-many-files",
  "bad-file-name",
]);

/** The server ended the request itself, at its shutdown for example: it can be gone on with. */
const PASSING_CODE = "upload-interrupted";
/** Too many failed logins: nothing to do with this request, and no lack of the network. */
const AUTH_CODE = "throttled";

/** Statuses after which the same request may succeed: overload, a locked upload, 5xx. */
function mayPass(status: number): boolean {
  return status === 408 || status === 423 || status === 429 ||
    (status >= 500 && status !== 501 && status !== 507);
}

/**
 * Turns an answer that is not 2xx into a {@link Failure}; reads the body to its end. The sentence
 * is the server's own (RFC 9457) where it gave one.
 */
export async function answerFailure(
  response: Response,
  to: Addressee,
  method: string,
  path: string,
): Promise<Failure> {
  const problem = await readProblem(response);
  if (response.status === 401) return badCredentials(to);
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
    hint: problem?.hint,
    details: {
      ...problem?.details,
      status: response.status,
      passing: !aboutTheFile && passing,
      unreachable: false,
      ...(response.status === 429 ? { retryAfterSeconds: retryAfter(response) } : {}),
    },
  });
}

/** Seconds that the answer asks to wait, by RFC 9110 `Retry-After`; 1 where it does not say. */
export function retryAfter(response: Response): number {
  const value = response.headers.get("retry-after");
  if (value === null) return 1;
  if (/^\d+$/.test(value)) return Number(value);
  const seconds = (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? 1 : Math.max(0, seconds);
}

/** The HTTP status that a failure was made of, 0 where there was no answer. */
export function statusOf(error: unknown): number {
  return error instanceof Failure ? Number(error.details.status ?? 0) : 0;
}

async function readProblem(response: Response): Promise<Problem | null> {
  try {
    return problemSchema.parse(JSON.parse(await response.text()));
  } catch {
    // Whatever the body is, it is no problem document; the status then has to do.
    return null;
  }
}

function badCredentials(to: Addressee): Failure {
  return new Failure(
    "auth",
    "bad-credentials",
    `Cannot log in as "${to.user}": the user or the password is wrong`,
    { hint: "Check the user given with -u and its password.", details: { status: 401 } },
  );
}

function kindOf(status: number, code: string): FailureKind {
  if (status === 403 || code === AUTH_CODE) return "auth";
  if (status === 507) return "storage";
  return status >= 500 || mayPass(status) || code === PASSING_CODE ? "server" : "refused";
}

function codeOf(problem: Problem | null, status: number): string {
  return problem?.type.split(":").at(-1)?.split("/").at(-1) || `http-${status}`;
}
