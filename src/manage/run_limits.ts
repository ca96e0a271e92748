import type { Config } from "../config/schema.ts";
import { capLimits } from "../config/tenant_json.ts";
import type { DeployedModule } from "../modules/store.ts";
import type { ProcessLimits } from "../sandbox/host/limits.ts";
import type { OutboundOptions } from "../sandbox/host/outbound.ts";
import type { FileRecord } from "../storage/contract.ts";
import type { Emit } from "../telemetry/events.ts";
import type { Outcome } from "./outcome.ts";

/** The limits of one run of a module, after the operator's caps. */
export interface RunLimits extends ProcessLimits {
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
  /** Bytes of encoded rows that the module may return. */
  maxOutputBytes: number;
  /** Limits of its HTTP requests. */
  outbound: OutboundOptions;
}

// Also for small files: a few records can become many rows.
const MIN_OUTPUT_BYTES = 64 * 1024 * 1024;
const MIB = 1024 ** 2;

/** The limits for a module and a file. */
export function limitsOf(record: FileRecord, module: DeployedModule, config: Config): RunLimits {
  const { sandbox, manage, modules } = config;
  const { memoryMb, secondsPerFile, rejectShare } = capLimits(module.tenantJson.limits, sandbox);
  return {
    memoryBytes: memoryMb * MIB,
    seconds: secondsPerFile,
    rejectShare,
    maxRecordChars: sandbox.max_record_chars,
    maxInputBytes: sandbox.max_unpacked_mb * MIB,
    maxWholeBytes: sandbox.max_whole_file_mb * MIB,
    maxRejectsKept: manage.max_rejects_kept,
    outbound: {
      hosts: modules.net_hosts,
      privateHosts: modules.net_private_hosts,
      seconds: modules.net_seconds,
      maxBytes: modules.net_max_kb * 1024,
      maxRequests: modules.net_requests,
    },
    maxOutputBytes: Math.max(MIN_OUTPUT_BYTES, record.size * sandbox.max_output_ratio),
  };
}

/** The share of a limit from which the operator is warned. */
const NEAR = 0.8;

/** Warns of a loaded file that came close to a limit: the customer's next one may exceed it. */
export function reportNearLimits(
  { tenant }: FileRecord,
  outcome: Outcome,
  { rejectShare, seconds: maxSeconds }: RunLimits,
  seconds: number,
  emit: Emit,
): void {
  if (outcome.type !== "ingested") return;
  const report = (limit: string, used: number, most: number) => {
    if (used >= NEAR * most) emit({ kind: "limit.near", tenant, limit, used, most });
  };
  const { read, rejected } = outcome.rows;
  // A module that may reject everything, or nothing, cannot come close to this limit.
  if (rejectShare > 0 && rejectShare < 1) {
    report("reject_share", read === 0 ? 0 : rejected / read, rejectShare);
  }
  report("seconds_per_file", seconds, maxSeconds);
}
