import { Failure, messageOf } from "../base/failure.ts";

interface Symptom {
  pattern: RegExp;
  code: string;
  state: string;
  hint: string;
  /** Whether trying again may help. */
  passing: boolean;
}

// fetch rejects with a TypeError whose message alone says what went wrong.
const SYMPTOMS: Symptom[] = [
  {
    pattern: /certificate|tls|handshake|UnknownIssuer|corrupt message/i,
    code: "tls-failed",
    state: "its TLS certificate is not trusted or TLS failed",
    hint: "For a private certificate authority pass its certificate with --ca FILE.",
    passing: false,
  },
  {
    pattern: /dns error|failed to lookup|name or service not known|no such host/i,
    code: "host-unknown",
    state: "there is no host of this name",
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
    state: "there is no way to it through the network",
    hint: "Check the network connection.",
    passing: true,
  },
];

const LOST: Symptom = {
  pattern: /./,
  code: "connection-lost",
  state: "the connection was lost",
  hint: "Run the command again: it goes on where it stopped.",
  passing: true,
};

/**
 * Tells in one sentence why a request got no answer.
 *
 * @param server the server's address, without a password in it
 * @param thrown what `fetch` rejected with
 */
export function networkFailure(server: string, error: unknown): Failure {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return unreachable(server, "timed-out", "it did not answer in time", LOST.hint, true, error);
  }
  // The message names the address, whose words must not be taken for a symptom.
  const message = messageOf(error).replace(/\(https?:\/\/\S*\)/, "");
  const { code, state, hint, passing } = SYMPTOMS.find((each) => each.pattern.test(message)) ??
    LOST;
  return unreachable(server, code, state, hint, passing, error);
}

function unreachable(
  server: string,
  code: string,
  state: string,
  hint: string,
  passing: boolean,
  cause: unknown,
): Failure {
  return new Failure("server", code, `Cannot reach the server "${server}": ${state}`, {
    hint,
    cause,
    // `unreachable` tells the run that other files would fare no better.
    details: { passing, unreachable: true },
  });
}

/** The failure of a server that answers, but not as a mysimbdp server would. */
export function foreignAnswer(
  server: string,
  what: string,
  { cause, status }: { cause?: unknown; status?: number } = {},
): Failure {
  return new Failure("server", "foreign-answer", `Cannot use the server "${server}": ${what}`, {
    hint: "Check that --server names a mysimbdp server, and any proxy before it.",
    cause,
    details: { passing: false, unreachable: true, ...(status === undefined ? {} : { status }) },
  });
}
