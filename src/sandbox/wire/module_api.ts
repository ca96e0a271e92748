/**
 * The contract between a bundled module and the Worker that runs it. A deployed version keeps the
 * contract that it was built for, until it is deployed again.
 *
 * - 1 (no mark): `ctx.fetch` returns `{ status, headers, text }`.
 * - 2: `ctx.fetch` answers like `Response`.
 *
 * @module
 */

/** The first line of a script that was bundled for the current contract. */
export const MODULE_API_MARK = "// mysimbdp module API 2";

/** Whether a script expects `{ status, headers, text }` from `ctx.fetch`. */
export function expectsPlainAnswers(script: string): boolean {
  return !script.startsWith(MODULE_API_MARK);
}
