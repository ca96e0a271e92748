import type { TableSpec } from "../../batch/column.ts";
import type { Config } from "../../config/schema.ts";
import { capLimits, type Permissions, type TenantJson } from "../../config/tenant_json.ts";
import type { Grants } from "../wire/host_messages.ts";
import { grantsOf, writableTables } from "./host_gate.ts";
import type { ProcessLimits } from "./limits.ts";
import type { OutboundOptions } from "./outbound.ts";
import { timeLimit } from "./time_limit.ts";

/** What the code of a customer is run for, and what that run brings with it. */
export type RunKind =
  /** A file of the tenant, by its current version. */
  | { kind: "load"; fileBytes: number; secrets: Secrets }
  /** A sample of the tenant, by a version that an operator has approved. */
  | { kind: "approved test run"; fileBytes: number; secrets: Secrets }
  /** A sample of the tenant, by a version that nobody has approved. */
  | { kind: "unapproved test run"; fileBytes: number }
  /** `manage tenant test`: a folder, on the operator's machine. */
  | { kind: "operator test"; fileBytes: number; secrets: Secrets }
  /** `fetch module test` and `infer`: the author's own code on the author's own machine. */
  | { kind: "author test"; fileBytes: number; secrets: Secrets };

/** Values of secrets by name. */
type Secrets = Readonly<Record<string, string>>;

/** What one run of a module may use: all that its sandbox and the host that answers it have to know. */
export interface RunPolicy extends ProcessLimits {
  /** The share of rejected records above which a file is quarantined, 0 to 1. */
  rejectShare: number;
  /** Characters of one record. */
  maxRecordChars: number;
  /** Bytes of a compressed file after decompression. */
  maxInputBytes: number;
  /** Bytes of a file in a format that is read as a whole. */
  maxWholeBytes: number;
  /** Rejects stored for one file; a file with more is quarantined. */
  maxRejectsKept: number;
  /** Seconds from start to end, with all that it waits for; null: no limit. */
  totalSeconds: number | null;
  /** Characters of all rejects of one file. */
  maxRejectChars: number;
  /** Bytes of encoded rows that the module may return. */
  maxOutputBytes: number;
  /** The tables that it may write. */
  tables: TableSpec[];
  permissions: Permissions;
  /** Its permissions and the values of its secrets, for the sandbox. */
  grants: Grants;
  /** Limits of its HTTP requests. */
  outbound: OutboundOptions;
}

/**
 * The limits of a check: our own code bundles untrusted texts, then the module's top level runs once. A
 * check has no file, no tables, no hosts and no secrets.
 */
export const CHECK_LIMITS = {
  bundle: { memoryBytes: 1024 ** 3, seconds: 30 },
  describe: { memoryBytes: 512 * 1024 ** 2, seconds: 5 },
  program: { memoryBytes: 1024 ** 3, seconds: 10 },
} as const;

const MIB = 1024 ** 2;
// Also for small files: a few records can become many rows.
const MIN_OUTPUT_BYTES = 64 * MIB;
/** A sample is small: a module that takes longer than this is stopped. */
const TEST_RUN_SECONDS = 30;
/** Others wait for their turn meanwhile: waiting for hosts and for a CPU counts too. */
const TEST_RUN_TOTAL_SECONDS = 120;

/**
 * The policy of one run: the only place that decides what a module may use. It has no defaults; what it
 * does not get from the module and the operator's settings, a run does not have.
 */
export function runPolicy(
  run: RunKind,
  { tenantJson, declaration }: { tenantJson: TenantJson; declaration: { tables: TableSpec[] } },
  { sandbox, manage, modules }: Config,
): RunPolicy {
  const { permissions } = tenantJson;
  const { memoryMb, rejectShare } = capLimits(tenantJson.limits, sandbox);
  return {
    memoryBytes: memoryMb * MIB,
    ...timeLimitOf(run, tenantJson, sandbox.seconds_per_file),
    totalSeconds: isTestRun(run) ? TEST_RUN_TOTAL_SECONDS : null,
    rejectShare,
    maxRecordChars: sandbox.max_record_chars,
    maxInputBytes: sandbox.max_unpacked_mb * MIB,
    maxWholeBytes: sandbox.max_whole_file_mb * MIB,
    maxRejectsKept: manage.max_rejects_kept,
    maxRejectChars: manage.max_rejects_mb * MIB,
    maxOutputBytes: Math.max(MIN_OUTPUT_BYTES, run.fileBytes * sandbox.max_output_ratio),
    tables: writableTables(declaration.tables, permissions),
    permissions,
    // Code that nobody has read could print a secret into its author's log.
    grants: grantsOf(permissions, run.kind === "unapproved test run" ? {} : run.secrets),
    outbound: {
      ...hostsOf(run, modules),
      seconds: modules.net_seconds,
      maxBytes: modules.net_max_kb * 1024,
      maxRequests: modules.net_requests,
    },
  };
}

function isTestRun({ kind }: RunKind): boolean {
  return kind === "approved test run" || kind === "unapproved test run";
}

function timeLimitOf(
  run: RunKind,
  { limits: { secondsPerFile } }: TenantJson,
  mostSeconds: number,
): Pick<ProcessLimits, "seconds" | "secondsFrom"> {
  const limit = timeLimit(run.fileBytes, secondsPerFile, mostSeconds);
  if (!isTestRun(run) || limit.seconds <= TEST_RUN_SECONDS) return limit;
  return { seconds: TEST_RUN_SECONDS, secondsFrom: "the limit of test runs" };
}

/** The hosts that a run can reach, of those that its tenant.json names. */
function hostsOf(
  { kind }: RunKind,
  { net_hosts, net_private_hosts }: Config["modules"],
): Pick<OutboundOptions, "hosts" | "privateHosts" | "whyNot"> {
  if (kind === "unapproved test run") return { hosts: [], privateHosts: [], whyNot: NO_NETWORK };
  if (kind === "author test") return { hosts: ["*"], privateHosts: [], whyNot: NOT_ALLOWED };
  return { hosts: net_hosts, privateHosts: net_private_hosts, whyNot: NOT_ALLOWED };
}

const NOT_ALLOWED = "the platform does not allow this host (modules.net_hosts)";
const NO_NETWORK = "a test run has no network until an operator has approved the version";

/** What the author of a version that is not approved should know of its test run. */
export function unapprovedNotices({ net, secrets }: Permissions): string[] {
  const missing = [
    ...net.length > 0 ? ["no network (ctx.fetch fails)"] : [],
    ...secrets.length > 0 ? ["no secrets (ctx.secret fails)"] : [],
  ];
  if (missing.length === 0) return [];
  return [
    `this version is not approved, so its test run has ${missing.join(" and ")}. Test it with ` +
    "mysimbdp fetch module test on your machine, or ask the operator to approve it.",
  ];
}
