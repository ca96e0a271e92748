import { Failure } from "./failure.ts";

const NOT_AVAILABLE = "the platform's database is not available";

const INTERNAL = "the platform has an internal error";
const FAULTY = "the platform's database has a fault that its operator has to fix";

/** By the codes of failures of the kinds `storage` and `internal`. */
const REASONS: Record<string, string> = {
  "no-interpreter": "the platform lacks the interpreter of the program",
  "no-os-sandbox": "native programs cannot run on this platform",
  "storage-unreachable": NOT_AVAILABLE,
  "storage-unavailable": NOT_AVAILABLE,
  "storage-busy": NOT_AVAILABLE,
  "storage-slow": NOT_AVAILABLE,
  "storage-full": "the platform's disk is full",
  "table-mismatch": "a table was changed in the database and no longer fits the module",
  "version-waits": "another version of the file is being loaded",
};

/**
 * Why the platform has failed, as its customers see it: one of a few clauses, never the text of an
 * error, which can contain addresses, roles and paths. Null if the failure is not the platform's.
 *
 * @example
 * ```ts
 * import { platformReason } from "./platform_reason.ts";
 * platformReason(new TypeError("x is undefined")); // "the platform has an internal error"
 * ```
 */
export function platformReason(error: unknown): string | null {
  if (!(error instanceof Failure)) return INTERNAL;
  const { kind, code } = error;
  if (kind !== "storage" && kind !== "internal") return null;
  return REASONS[code] ?? (kind === "storage" ? FAULTY : INTERNAL);
}
