/**
 * What kind of failure it is for whoever called: it decides the exit code of a command.
 * The HTTP status is decided by {@link Failure.code} at the server's edge.
 */
export type FailureKind = "usage" | "auth" | "server" | "storage" | "refused" | "internal";

/** What a {@link Failure} may carry besides its sentence. */
export interface FailureOptions {
  /** What the reader can do about it, one sentence. */
  hint?: string;
  /** The error that was found underneath; for logs, never for tenants. */
  cause?: unknown;
  /** Machine-readable facts: limits, names, numbers. */
  details?: Record<string, string | number | boolean | null>;
}

/**
 * An expected failure: a typed value with a code, made where the fact is known and turned into text
 * only at the edge (command line or HTTP).
 *
 * @example
 * ```ts ignore
 * import { Failure } from "./failure.ts";
 * throw new Failure("refused", "file-too-large", `Cannot accept "a.csv": it has 5,000 KB of at most 4,096 KB`, {
 *   hint: "Split the file, or ask the platform for a higher limit.",
 * });
 * ```
 */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly kind: FailureKind;
  /** Stable, kebab-case; also the end of an RFC 9457 problem type. */
  readonly code: string;
  readonly hint: string | undefined;
  readonly details: Record<string, string | number | boolean | null>;

  constructor(kind: FailureKind, code: string, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
  }
}

/** The text of anything that was thrown, for a message or a log. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
