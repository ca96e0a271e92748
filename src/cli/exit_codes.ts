import type { FailureKind } from "../base/failure.ts";

/** The exit codes of all commands; scripts depend on them. */
export const EXIT = {
  done: 0,
  /** Some files were refused or failed. */
  incomplete: 1,
  usage: 2,
  authentication: 3,
  /** The server or the network. */
  server: 4,
  storage: 5,
} as const;

const CODES: Record<FailureKind, number> = {
  refused: EXIT.incomplete,
  internal: EXIT.incomplete,
  usage: EXIT.usage,
  auth: EXIT.authentication,
  server: EXIT.server,
  storage: EXIT.storage,
};

/** Returns the exit code for a kind of failure; 0 for null. */
export function exitCodeOf(kind: FailureKind | null): number {
  return kind === null ? EXIT.done : CODES[kind];
}
