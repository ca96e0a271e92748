import { Failure } from "../base/failure.ts";
import { reportOf } from "./tls_failure.ts";

interface Symptom {
  pattern: RegExp;
  code: string;
  state: string;
  hint: string;
  /** Whether a retry may succeed. */
  passing: boolean;
}

// fetch throws a TypeError, whose message is the only description of the problem.
const SYMPTOMS: Symptom[] = [
  {
    pattern: /certificate|tls|handshake|UnknownIssuer|corrupt message/i,
    code: "tls-failed",
    state: "its TLS certificate is not trusted, or TLS failed",
    hint: "If it uses a private certificate authority, pass its certificate with --ca FILE.",
    passing: false,
  },
  {
    pattern: /dns error|failed to lookup|name or service not known|no such host/i,
    code: "host-unknown",
    state: "the host is unknown",
    hint: "Check the address given with --server.",
    passing: true,
  },
  {
    pattern: /connection refused|os error 111|os error 10061|os error 61/i,
    code: "connection-refused",
    state: "the connection was refused",
    hint: "Check the address given with --server, and that the server is running.",
    passing: true,
  },
  {
    pattern: /unreachable|no route/i,
    code: "network-unreachable",
    state: "the network is unreachable",
    hint: "Check the network connection.",
    passing: true,
  },
];

const LOST: Symptom = {
  pattern: /./,
  code: "connection-lost",
  state: "the connection was lost",
  hint: "Run the command again; it resumes where it stopped.",
  passing: true,
};
const TIMED_OUT: Symptom = { ...LOST, code: "timed-out", state: "it did not respond in time" };

/**
 * Returns the failure of a request that got no response.
 *
 * @param server the server's URL, without a password
 * @param error what `fetch` threw
 */
export function networkFailure(server: string, error: unknown): Failure {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return unreachable(server, TIMED_OUT, error);
  }
  const message = reportOf(error);
  return unreachable(server, SYMPTOMS.find(({ pattern }) => pattern.test(message)) ?? LOST, error);
}

function unreachable(
  server: string,
  { code, state, hint, passing }: Symptom,
  cause: unknown,
): Failure {
  return new Failure("server", code, `Cannot reach the server "${server}": ${state}`, {
    hint,
    cause,
    // `unreachable` ends the run: other files would fail too.
    details: { passing, unreachable: true },
  });
}

/** The failure of a server that does not respond as a mysimbdp server does. */
export function foreignAnswer(
  server: string,
  what: string,
  { cause, status }: { cause?: unknown; status?: number } = {},
): Failure {
  return new Failure("server", "foreign-answer", `Cannot use the server "${server}": ${what}`, {
    hint: "Check that --server is the URL of a mysimbdp server; also check proxies in between.",
    cause,
    details: { passing: false, unreachable: true, ...(status === undefined ? {} : { status }) },
  });
}
