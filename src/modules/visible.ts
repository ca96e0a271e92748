import { withAllShown } from "../base/invisible.ts";

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
  // A carriage return in the middle of a line ends a JavaScript line, too.
  return text.split(/(\r?\n|\r$)/).map((part, at) => at % 2 === 1 ? part : withAllShown(part, "\t"))
    .join("");
}
