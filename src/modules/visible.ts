// Control characters except tab and line feed; zero-width and bidirectional marks; line separators
// that end a JavaScript line invisibly; invisible filler letters; variation selectors.
const HIDDEN =
  /(?![\t\n]|\r(?:\n|$))[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

/**
 * Escapes characters that hide or reorder text, so that a reviewer sees everything that runs. Line
 * ends stay.
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
