import { messageOf } from "../../base/failure.ts";

/**
 * What was thrown, if it is an error of ours. A stranger's code may throw a proxy, of which even the
 * question for its type springs a trap.
 */
export function ifOurs<E extends Error>(
  error: unknown,
  // deno-lint-ignore no-explicit-any -- constructors of any arguments are meant
  type: abstract new (...args: any[]) => E,
): E | null {
  try {
    return error instanceof type ? error : null;
  } catch {
    return null;
  }
}

/** The message of anything that a stranger's code has thrown, even if reading it throws again. */
export function safeMessage(error: unknown): string {
  try {
    const message = String(messageOf(error));
    // What ses says when a module asks for the time or for a random number.
    return /^secure mode/.test(message) ? "modules have no clock and no randomness" : message;
  } catch {
    return "something that has no message";
  }
}
