import type { Config } from "../config/schema.ts";
import { capLimits } from "../config/tenant_json.ts";
import type { DeployedModule } from "../modules/store.ts";
import type { FileRecord } from "../storage/contract.ts";
import type { RunLimits } from "./ingest_file.ts";

// Small files may grow more: a few records can make many rows.
const LEAST_OUTPUT_BYTES = 64 * 1024 * 1024;

/** What a run of a module on a file may use, after the operator's caps. */
export function limitsOf(record: FileRecord, module: DeployedModule, config: Config): RunLimits {
  const { sandbox, manage, modules } = config;
  const { memoryMb, secondsPerFile, rejectShare } = capLimits(module.tenantJson.limits, sandbox);
  return {
    memoryBytes: memoryMb * 1024 ** 2,
    seconds: secondsPerFile,
    rejectShare,
    maxRecordChars: sandbox.max_record_chars,
    maxInputBytes: sandbox.max_unpacked_mb * 1024 ** 2,
    maxWholeBytes: sandbox.max_whole_file_mb * 1024 ** 2,
    maxRejectsKept: manage.max_rejects_kept,
    outbound: {
      hosts: modules.net_hosts,
      privateHosts: modules.net_private_hosts,
      seconds: modules.net_seconds,
      maxBytes: modules.net_max_kb * 1024,
      maxRequests: modules.net_requests,
    },
    maxOutputBytes: Math.max(LEAST_OUTPUT_BYTES, record.size * sandbox.max_output_ratio),
  };
}
