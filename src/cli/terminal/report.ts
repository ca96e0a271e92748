import { diskCauseOf } from "../../base/disk.ts";
import { Failure, messageOf } from "../../base/failure.ts";
import { exitCodeOf } from "../exit_codes.ts";
import type { CommandIo } from "./io.ts";
import { printable } from "./text.ts";

interface ReportOptions {
  /** Print a JSON object on stdout instead of text on stderr. @default false */
  json?: boolean;
  /** Also print the stack or the cause. @default false */
  verbose?: boolean;
}

/**
 * Prints an error: one sentence and, if it has one, a hint. With `json` it is one line:
 * `{"type":"error","kind","code","message","hint","details","exitCode"}`.
 *
 * @returns the exit code
 *
 * @example
 * ```ts ignore
 * try { … } catch (error) { return report(error, io, { json, verbose }); }
 * ```
 */
export function report(
  error: unknown,
  io: Pick<CommandIo, "stdout" | "stderr">,
  { json = false, verbose = false }: ReportOptions = {},
): number {
  const failure = asFailure(error);
  const exitCode = exitCodeOf(failure.kind);
  if (json) {
    const { kind, code, message, hint = null, details } = failure;
    const error = { type: "error", kind, code, message, hint, details, exitCode };
    io.stdout.write(`${JSON.stringify(error)}\n`);
  } else {
    io.stderr.write(`mysimbdp: ${failure.message.split("\n").map(printable).join("\n")}\n`);
    if (failure.hint) io.stderr.write(`  hint: ${printable(failure.hint)}\n`);
  }
  if (verbose) io.stderr.write(`${detailsOf(failure)}\n`);
  return exitCode;
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (diskCauseOf(error) !== null) {
    return new Failure("storage", "disk-full", `Cannot write: ${messageOf(error)}`, {
      hint: "Free space on the disk, then run the command again.",
      cause: error,
    });
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return new Failure("server", "permission-denied", `Cannot continue: ${messageOf(error)}`, {
      hint: "Give this user access to it. For a data directory, mysimbdp manage doctor says how.",
      cause: error,
    });
  }
  return new Failure("internal", "unexpected", `Unexpected error: ${messageOf(error)}`, {
    hint: "Run the command again with -v for details.",
    cause: error,
  });
}

function detailsOf(failure: Failure): string {
  const cause = failure.cause ?? failure;
  return cause instanceof Error && cause.stack ? cause.stack : String(cause);
}
