/**
 * The kind of a failure, which decides the exit code of a command. The HTTP status depends on
 * {@link Failure.code}.
 */
export type FailureKind = "usage" | "auth" | "server" | "storage" | "refused" | "internal";

/** What a {@link Failure} can have besides its message. */
export interface FailureOptions {
  /** How to fix it, one sentence. */
  hint?: string;
  /** The original error; for logs, never for tenants. */
  cause?: unknown;
  /** Machine-readable facts: limits, names, numbers. */
  details?: Record<string, string | number | boolean | null>;
}

/**
 * An expected failure with a stable code. It is thrown where the reason is known and shown by the
 * command line or the HTTP server.
 *
 * @example
 * ```ts ignore
 * import { Failure } from "./failure.ts";
 * throw new Failure("refused", "file-too-large", `Cannot accept "a.csv": it has 5,000 KB, the limit is 4,096 KB`, {
 *   hint: "Split the file, or ask the operator for a higher limit.",
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

/** Returns the message of anything that was thrown, followed by the hint of a {@link Failure}. */
export function adviceOf(error: unknown): string {
  const hint = error instanceof Failure ? error.hint : undefined;
  return hint ? `${messageOf(error)}. ${hint}` : messageOf(error);
}

/** Returns the message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
