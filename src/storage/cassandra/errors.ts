import { Failure, messageOf } from "../../base/failure.ts";
import { PASSING } from "../../base/retry.ts";

interface Known {
  code: string;
  hint: string;
  /** It may be over in a moment, with nothing changed by anybody. */
  passing?: true;
}

const UNREACHABLE: Known = {
  code: "storage-unreachable",
  hint: "See that the cluster is up and the storage URL's hosts, port and datacenter are right.",
  passing: true,
};
const CREDENTIALS: Known = {
  code: "storage-credentials",
  hint:
    "See that the storage URL's user and password are right; for a tenant's role run mysimbdp manage tenant add or deploy again.",
};
const TLS: Known = {
  code: "storage-tls",
  hint:
    "See that the storage URL's ca= names the authority of the nodes' certificates, that these " +
    "are valid for the nodes' addresses, and cert= and key= are there if the nodes ask for them.",
};
const UNAVAILABLE: Known = {
  code: "storage-unavailable",
  hint: "Too few nodes are up for the replication; the file is tried again.",
  passing: true,
};
const SLOW: Known = {
  code: "storage-slow",
  hint: "The cluster did not answer in time; the file is tried again.",
  passing: true,
};

/** Error codes of the native protocol, version 5. */
const CODES: Record<number, Known> = {
  0x0100: CREDENTIALS,
  0x1000: UNAVAILABLE,
  0x1001: {
    code: "storage-busy",
    hint: "The cluster has too much to do; try again later.",
    passing: true,
  },
  0x1002: UNAVAILABLE,
  0x1100: SLOW,
  0x1200: SLOW,
  0x1300: { code: "storage-io", hint: "Look into the logs of the nodes." },
  0x1500: { code: "storage-io", hint: "Look into the logs of the nodes.", passing: true },
  0x1700: SLOW,
  0x2100: {
    code: "storage-denied",
    hint: "Grant the role what the guide for operations lists.",
  },
};

/** The number of a server's error; 0 when it is none. */
export function serverCode(thrown: unknown): number {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "number"
    ? thrown.code
    : 0;
}

/** Whether nobody answered in time: then nobody knows what became of the request. */
export function isTimeout(thrown: unknown): boolean {
  return nameOf(thrown) === "OperationTimedOutError" || CODES[serverCode(thrown)] === SLOW;
}

/**
 * Turns what the driver threw into a {@link Failure} of kind `storage`; one that is a Failure
 * already stays what it is.
 *
 * @param sentence what could not be done, as `Cannot <verb> <thing> "value"`
 */
export function cassandraFailure(thrown: unknown, sentence: string): Failure {
  if (thrown instanceof Failure) return thrown;
  const inner = innermost(thrown);
  const known = knownOf(thrown) ?? knownOf(inner);
  return new Failure(
    "storage",
    known?.code ?? "storage-error",
    `${sentence}: ${messageOf(inner)}`,
    {
      ...(known && { hint: known.hint }),
      ...(known?.passing && { details: PASSING }),
      cause: thrown,
    },
  );
}

/** How TLS begins to say that one side does not trust the other, or speaks no TLS at all. */
const NO_TLS = /^(invalid peer certificate|received fatal alert|received corrupt message)/;

function knownOf(thrown: unknown): Known | undefined {
  const name = nameOf(thrown);
  if (name === "AuthenticationError") return CREDENTIALS;
  if (name === "InvalidData" && NO_TLS.test(messageOf(thrown))) return TLS;
  if (name === "OperationTimedOutError") return SLOW;
  if (name === "NoHostAvailableError") {
    return innerErrors(thrown).map(knownOf).find((known) => known !== undefined) ?? UNREACHABLE;
  }
  const code = serverCode(thrown);
  if (CODES[code] !== undefined) return CODES[code];
  const system = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  return typeof system === "string" && /^(ECONN|ENOTFOUND|EHOST|ENET|ETIMEDOUT|EPIPE)/.test(system)
    ? UNREACHABLE
    : undefined;
}

/** Of an error that stands for one of each host: the first that says more than that. */
function innermost(thrown: unknown): unknown {
  const inner = innerErrors(thrown);
  return inner.find((each) => knownOf(each) !== undefined) ?? inner[0] ?? thrown;
}

function innerErrors(thrown: unknown): unknown[] {
  if (!(thrown instanceof Error) || !("innerErrors" in thrown)) return [];
  return Object.values(thrown.innerErrors as Record<string, unknown>);
}

function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : "";
}

/** Runs `work` and turns what it throws by {@link cassandraFailure}. */
export async function guarded<T>(sentence: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw cassandraFailure(thrown, sentence);
  }
}
