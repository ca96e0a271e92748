import { messageOf } from "../../base/failure.ts";
import { ValueFault } from "../../sdk/values/value_fault.ts";

/**
 * A thrown value if it is an instance of `type`, else null. Untrusted code may throw a proxy, for which
 * even `instanceof` can throw.
 */
export function asInstance<E extends Error>(
  error: unknown,
  // deno-lint-ignore no-explicit-any -- matches constructors with any arguments
  type: abstract new (...args: any[]) => E,
): E | null {
  try {
    return error instanceof type ? error : null;
  } catch {
    return null;
  }
}

/** The message of a value that untrusted code has thrown, even if reading it throws again. */
export function safeMessage(error: unknown): string {
  try {
    const message = String(messageOf(error));
    // The message of ses when a module reads the clock or a random number.
    return /^secure mode/.test(message) ? "modules have no clock and no random numbers" : message;
  } catch {
    return "a value without a message";
  }
}

/** The message of a fault that the SDK's parse functions have thrown; null for other values. */
export function valueReason(error: unknown): string | null {
  return asInstance(error, ValueFault) && safeMessage(error);
}
