import { formatMib } from "../../base/count.ts";
import { Failure, messageOf } from "../../base/failure.ts";
import { PASSING } from "../../base/retry.ts";

const ROWS_REFUSED = "rows-refused";

interface Known {
  code: string;
  hint: string;
  /** Whether the same request may succeed later without a change by the operator. */
  passing?: true;
}

const UNREACHABLE: Known = {
  code: "storage-unreachable",
  hint: "Check that the cluster is up, and the hosts, port and datacenter in the storage URL. If " +
    "the nodes require TLS, add ca= or tls=true to it.",
  passing: true,
};
const CREDENTIALS: Known = {
  code: "storage-credentials",
  hint: "Check user and password in the storage URL, then start manage again. For the role of a " +
    "tenant run mysimbdp manage tenant add.",
};
const TLS: Known = {
  code: "storage-tls",
  hint: "Check that ca= in the storage URL names the authority of the nodes' certificates, that " +
    "these are valid for the nodes' addresses, and that cert= and key= are set if the nodes " +
    "require client certificates.",
};
const UNAVAILABLE: Known = {
  code: "storage-unavailable",
  hint: "Too few nodes are up for the replication. Start the nodes that are down.",
  passing: true,
};
const BUSY: Known = {
  code: "storage-busy",
  hint: "The cluster is overloaded; try again later.",
  passing: true,
};
const SLOW: Known = {
  code: "storage-slow",
  hint: "The cluster did not answer before the timeout; try again later.",
  passing: true,
};
const NODE_FAILED: Known = { code: "storage-io", hint: "Check the logs of the nodes." };
const CLUSTER_FULL: Known = {
  code: "cluster-full",
  hint: "The disks of the nodes are full: free space or add nodes. The file is retried.",
  passing: true,
};
/** The driver found a statement gone from a node, and could not prepare it again. */
const TABLE_CHANGED: Known = {
  code: "table-changed",
  hint: "A table was changed or dropped while rows were written. The file is retried.",
  passing: true,
};

/**
 * By the error codes of the native protocol, version 5. All other codes mean that the statement is
 * wrong, which is our fault.
 */
const CODES: Record<number, Known> = {
  0x0000: { ...NODE_FAILED, passing: true },
  0x0100: CREDENTIALS,
  0x1000: UNAVAILABLE,
  0x1001: BUSY,
  0x1002: UNAVAILABLE,
  0x1003: NODE_FAILED,
  0x1100: SLOW,
  0x1200: SLOW,
  0x1300: NODE_FAILED,
  0x1500: { ...NODE_FAILED, passing: true },
  0x1600: { ...NODE_FAILED, passing: true },
  0x1700: SLOW,
  0x2100: {
    code: "storage-denied",
    hint: "Grant the role the permissions that docs/cassandra.md lists. For the role of a tenant " +
      "run mysimbdp manage tenant add.",
  },
  0x2500: TABLE_CHANGED,
};
const INVALID = 0x2200;
const READ_FAILURE = 0x1300;
/** The only guardrail that accepts the same row later. */
const NO_DISK_SPACE = /\bdisk usage exceeds\b/;
/** A server error and a failed write. */
const MAYBE_EXECUTED: unknown[] = [0x0000, 0x1500];

/** By the names of the driver's classes; the driver itself is loaded only when it is needed. */
const CLASSES: Record<string, Known> = {
  AuthenticationError: CREDENTIALS,
  OperationTimedOutError: SLOW,
  BusyConnectionError: BUSY,
};

/** The start of TLS errors: one side does not trust the other, or does not use TLS. */
const NO_TLS = /^(invalid peer certificate|received fatal alert|received corrupt message)/;
const NO_CONNECTION = /^(ECONN|ENOTFOUND|EHOST|ENET|EAI_|ETIMEDOUT|EPIPE)/;
/** What the driver says, without a code, while connections end or begin. */
const NOT_CONNECTED =
  /^(No connection available|Connection (closed|timeout)|ControlConnection is being shutdown)$/;
/**
 * A node that cannot read roles or permissions answers as if the password were wrong, or a permission
 * missing. Only the text differs.
 */
const ROLES_UNREADABLE = /^Unable to perform auth/;

/** Why a replica failed to read or write, by the codes of the native protocol. */
const REPLICA_REASONS = [
  "unknown, see its log",
  "too many tombstones",
  "timeout",
  "its schema differs",
  "the read is too large",
  "it is down",
  "an index is not available",
  "too many indexes",
];

/** Whether a node answered that the statement is invalid. */
export function isInvalid(error: unknown): boolean {
  return codeOf(error) === INVALID;
}

/** Whether a node refused to read, as it does when it meets too many tombstones. */
export function isReadRefused(error: unknown): boolean {
  return codeOf(error) === READ_FAILURE;
}

/**
 * Whether the request may have been executed or not: the answer did not come in time, the connection
 * ended before, or nodes failed.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  if (!(error instanceof Error) || error.name === "NoHostAvailableError") return false;
  const known = knownOf(error);
  return known === SLOW || known === UNREACHABLE || MAYBE_EXECUTED.includes(codeOf(error));
}

/** Whether the driver only says that no node is connected, as it does while it reconnects. */
export function isUnexplained(error: unknown): boolean {
  return error instanceof Error && error.name === "NoHostAvailableError" &&
    innerErrors(error).length === 0;
}

/**
 * Converts an error of the driver to a {@link Failure}: kind `storage` if the cluster is unavailable
 * or does not accept our role, otherwise `internal`. Returns failures unchanged.
 *
 * @param sentence `Cannot <verb> <thing> "value"`
 */
export function cassandraFailure(error: unknown, sentence: string): Failure {
  if (error instanceof Failure) return error;
  const known = knownOf(error);
  const text = `${sentence}: ${messageOf(innermost(error))}${detailOf(error)}`;
  if (known === undefined) return new Failure("internal", "storage-error", text, { cause: error });
  const { code, hint, passing } = known;
  return new Failure("storage", code, text, {
    hint,
    ...(passing && { details: PASSING }),
    cause: error,
  });
}

/** Whether the cluster will never accept this row. */
export function isRefusedRow(error: unknown): boolean {
  return error instanceof Failure && error.code === ROWS_REFUSED;
}

/**
 * The failure of writing rows: kind `refused` if the cluster does not accept a row, otherwise `storage`.
 *
 * @param keyspace its name is left out, because the sender of the file reads a refusal
 */
export function writeFailure(error: unknown, table: string, keyspace: string): Failure {
  const sentence = `Cannot write rows of table "${table}"`;
  const known = knownOf(error);
  if (!isInvalid(error) || known !== undefined) return cassandraFailure(error, sentence);
  const text = `${sentence}: ${refusalText(messageOf(error), keyspace)}`;
  return new Failure("refused", ROWS_REFUSED, text, {
    hint: "Change the module so that it does not return such a row, or ask the operator to raise " +
      "the limit; then replay the file.",
    cause: error,
  });
}

const OVERSIZED = /^Rejected an oversized mutation \((\d+)\/(\d+)\)/;
const LARGE_REQUEST = /^Request is too big: length (\d+) exceeds maximum allowed length (\d+)/;
const GUARDRAIL = /^Guardrail (\w+) violated: (.*?)\.?$/s;

/** What the cluster does not accept, its limit and the name of that limit. */
function refusalText(message: string, keyspace: string): string {
  const sizes = (found: RegExpExecArray, limit: string) =>
    `a row needs ${formatMib(Number(found[1]))}, the limit is ${formatMib(Number(found[2]))} ` +
    `(${limit} of the cluster)`;
  const oversized = OVERSIZED.exec(message);
  if (oversized) return sizes(oversized, "max_mutation_size");
  const large = LARGE_REQUEST.exec(message);
  if (large) return sizes(large, "native_transport_max_frame_size");
  const [, name, text] = GUARDRAIL.exec(message) ?? [];
  const found = name === undefined ? message : `${text} (guardrail ${name} of the cluster)`;
  return found.replaceAll(`${keyspace}.`, "");
}

function knownOf(error: unknown): Known | undefined {
  if (!(error instanceof Error)) return undefined;
  if (isUnexplained(error)) return UNREACHABLE;
  if (error.name === "NoHostAvailableError") return knownOf(innermost(error)) ?? UNREACHABLE;
  if (error.name === "InvalidData" && NO_TLS.test(error.message)) return TLS;
  const code = codeOf(error);
  if (code === INVALID && NO_DISK_SPACE.test(error.message)) return CLUSTER_FULL;
  const known = typeof code === "number" ? CODES[code] : CLASSES[error.name];
  const isRole = code === 0x2100 || known === CREDENTIALS;
  if (isRole && ROLES_UNREADABLE.test(error.message)) return UNAVAILABLE;
  const hasNoConnection = typeof code === "string"
    ? NO_CONNECTION.test(code)
    : NOT_CONNECTED.test(error.message);
  return hasNoConnection || "isSocketError" in error ? UNREACHABLE : known;
}

/**
 * The error of one host, if an error combines those of all hosts. What a person has to correct comes
 * first, then what the nodes that answer say.
 */
function innermost(error: unknown): unknown {
  const inner = innerErrors(error);
  const known = inner.filter((each) => knownOf(each) !== undefined);
  return known.find((each) => !knownOf(each)?.passing) ??
    known.find((each) => knownOf(each) !== UNREACHABLE) ?? known[0] ?? inner[0] ?? error;
}

/** The errors of the hosts. A host that the driver believes to be down has a text instead. */
function innerErrors(error: unknown): Error[] {
  if (!(error instanceof Error) || !("innerErrors" in error)) return [];
  return Object.values(error.innerErrors ?? {}).filter((each) => each instanceof Error);
}

/** How many nodes cannot be reached, or why replicas failed; to follow the message of an error. */
function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("innerErrors" in error) {
    const hosts: unknown[] = Object.values(error.innerErrors ?? {});
    const down = hosts.filter((each) => typeof each === "string" || knownOf(each) === UNREACHABLE);
    const isKnown = hosts.length > 1 && down.length > 0;
    return isKnown ? ` (${down.length} of ${hosts.length} nodes cannot be reached)` : "";
  }
  if (!("reasons" in error)) return "";
  const reasons = Object.entries(error.reasons as Record<string, number>).map(([node, reason]) =>
    `${node}: ${REPLICA_REASONS[reason] ?? `reason ${reason}`}`
  );
  return reasons.length > 0 ? ` (${reasons.join(", ")})` : "";
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
