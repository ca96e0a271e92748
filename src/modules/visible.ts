// Controls but tab and line feed, marks without a width or that reorder text, separators that end a
// line of JavaScript and show none, fillers that are letters, and variations of the letter before.
const HIDDEN =
  /(?![\t\n]|\r(?:\n|$))[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

/**
 * A stranger's source so that a reader sees all of what runs: characters that hide or reorder others
 * are written as escapes. Line ends stay.
 *
 * @example
 * ```ts
 * import { withHiddenShown } from "./visible.ts";
 * withHiddenShown("// harmless\u2028steal()"); // "// harmless\\u2028steal()"
 * ```
 */
export function withHiddenShown(text: string): string {
  return text.replace(HIDDEN, (found) => {
    const code = found.codePointAt(0) ?? 0;
    const digits = code.toString(16).padStart(4, "0");
    return code > 0xffff ? `\\u{${digits}}` : `\\u${digits}`;
  });
}
