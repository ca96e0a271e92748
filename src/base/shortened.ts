/**
 * Cuts a text that a client chose, for answers and logs.
 *
 * @param chars the maximum length in UTF-16 units
 * @example
 * ```ts
 * import { shortened } from "./shortened.ts";
 * shortened("/v1/aaaaaaaa", 6); // "/v1/a…"
 * ```
 */
export function shortened(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars - 1).toWellFormed()}…`;
}
