import { Failure, messageOf } from "../../base/failure.ts";
import { PASSING } from "../../base/retry.ts";

interface Known {
  code: string;
  hint: string;
  /** Whether the same request may succeed later. */
  passing?: true;
}

const UNREACHABLE: Known = {
  code: "storage-unreachable",
  hint: "Check that the cluster is up, and the hosts, port and datacenter in the storage URL.",
  passing: true,
};
const CREDENTIALS: Known = {
  code: "storage-credentials",
  hint:
    "Check user and password in the storage URL; for the role of a tenant run mysimbdp manage tenant add or deploy again.",
};
const TLS: Known = {
  code: "storage-tls",
  hint: "Check that ca= in the storage URL names the authority of the nodes' certificates, that " +
    "these are valid for the nodes' addresses, and that cert= and key= are set if the nodes " +
    "require client certificates.",
};
const UNAVAILABLE: Known = {
  code: "storage-unavailable",
  hint: "Too few nodes are up for the replication. The file is retried.",
  passing: true,
};
const BUSY: Known = {
  code: "storage-busy",
  hint: "The cluster is overloaded; try again later.",
  passing: true,
};
const SLOW: Known = {
  code: "storage-slow",
  hint: "The cluster did not answer before the timeout. The file is retried.",
  passing: true,
};
const NODE_FAILED: Known = { code: "storage-io", hint: "Check the logs of the nodes." };

/** By the error codes of the native protocol, version 5. */
const CODES: Record<number, Known> = {
  0x0000: { ...NODE_FAILED, passing: true },
  0x0100: CREDENTIALS,
  0x1000: UNAVAILABLE,
  0x1001: BUSY,
  0x1002: UNAVAILABLE,
  0x1100: SLOW,
  0x1200: SLOW,
  0x1300: NODE_FAILED,
  0x1500: { ...NODE_FAILED, passing: true },
  0x1700: SLOW,
  0x2100: {
    code: "storage-denied",
    hint: "Grant the role the permissions that docs/cassandra.md lists.",
  },
};
const INVALID = 0x2200;

/** By the names of the driver's classes; the driver itself is loaded only when it is needed. */
const CLASSES: Record<string, Known> = {
  AuthenticationError: CREDENTIALS,
  OperationTimedOutError: SLOW,
  BusyConnectionError: BUSY,
};

/** The start of TLS errors: one side does not trust the other, or does not use TLS. */
const NO_TLS = /^(invalid peer certificate|received fatal alert|received corrupt message)/;
const NO_CONNECTION = /^(ECONN|ENOTFOUND|EHOST|ENET|ETIMEDOUT|EPIPE)/;

/** Whether a node answered that the statement is invalid. */
export function isInvalid(error: unknown): boolean {
  return codeOf(error) === INVALID;
}

/** Whether the answer did not come in time: the request may have been executed or not. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name !== "NoHostAvailableError" && knownOf(error) === SLOW;
}

/**
 * Converts an error of the driver to a {@link Failure} of kind `storage`. Returns failures unchanged.
 *
 * @param sentence `Cannot <verb> <thing> "value"`
 */
export function cassandraFailure(error: unknown, sentence: string): Failure {
  if (error instanceof Failure) return error;
  const inner = innermost(error);
  const { code = "storage-error", hint, passing } = knownOf(error) ?? knownOf(inner) ?? {};
  return new Failure("storage", code, `${sentence}: ${messageOf(inner)}`, {
    ...(hint && { hint }),
    ...(passing && { details: PASSING }),
    cause: error,
  });
}

/** The failure of writing rows: kind `refused` if a value is invalid, otherwise `storage`. */
export function writeFailure(error: unknown, table: string): Failure {
  const failure = cassandraFailure(error, `Cannot write rows of table "${table}"`);
  if (!isInvalid(error)) return failure;
  return new Failure("refused", "rows-refused", failure.message, {
    hint: "The cluster does not accept a value. Change the module so that it does not return it.",
    cause: error,
  });
}

function knownOf(error: unknown): Known | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === "NoHostAvailableError") {
    return innerErrors(error).map(knownOf).find((known) => known !== undefined) ?? UNREACHABLE;
  }
  if (error.name === "InvalidData" && NO_TLS.test(error.message)) return TLS;
  const code = codeOf(error);
  if (typeof code === "number") return CODES[code];
  const hasNoConnection = typeof code === "string" && NO_CONNECTION.test(code);
  return hasNoConnection || "isSocketError" in error ? UNREACHABLE : CLASSES[error.name];
}

/** The error of one host, if an error combines those of all hosts: the first that is known. */
function innermost(error: unknown): unknown {
  const inner = innerErrors(error);
  return inner.find((each) => knownOf(each) !== undefined) ?? inner[0] ?? error;
}

function innerErrors(error: unknown): unknown[] {
  if (!(error instanceof Error) || !("innerErrors" in error)) return [];
  return Object.values(error.innerErrors as Record<string, unknown>);
}

/** The code of an error of the driver or the system. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** Runs `work` and converts its errors with {@link cassandraFailure}. */
export async function guarded<T>(sentence: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw cassandraFailure(error, sentence);
  }
}
