/**
 * Characters that show nothing, or that change how others are shown: controls, marks without a width
 * and for the direction of text, separators of lines, fillers, tags, variation selectors, and code
 * points that are private, unassigned or half of a pair.
 */
const INVISIBLE = String.raw`[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]`;

/** Scripts in which joiners decide how a word is written (RFC 5892, A.1 and A.2). */
const JOINED = [
  ...["Arabic", "Bengali", "Devanagari", "Gujarati", "Gurmukhi", "Kannada", "Khmer", "Malayalam"],
  ...["Mongolian", "Myanmar", "Oriya", "Sinhala", "Syriac", "Tamil", "Telugu"],
].map((name) => String.raw`\p{Script=${name}}`).join("");

/** The same characters where they are a part of what is shown. */
const VISIBLE = [
  // Numbers and abbreviations in Arabic and Syriac, which are formats but have a shape.
  String.raw`[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2]`,
  // The flags of England, Scotland and Wales.
  String.raw`\u{1f3f4}[\u{e0020}-\u{e007e}]{1,6}\u{e007f}`,
  // A keycap, and an emoji or a sequence of them, as text or in colour.
  String.raw`[0-9#*]\ufe0f\u20e3`,
  String.raw`\p{Extended_Pictographic}[\ufe0e\ufe0f]?\p{Emoji_Modifier}?` +
  String.raw`(?:\u200d\p{Extended_Pictographic}\ufe0f?\p{Emoji_Modifier}?)*`,
  // A joiner within a word, and a variant of a letter.
  String.raw`[${JOINED}][\u200c\u200d](?=[${JOINED}])`,
  String.raw`\p{Script=Han}[\u{e0100}-\u{e01ef}]`,
  String.raw`\p{Script=Mongolian}[\u180b-\u180d\u180f]`,
].join("|");

const ALL = new RegExp(INVISIBLE, "gu");
const HIDDEN = new RegExp(`(${VISIBLE})|${INVISIBLE}`, "gu");

/** A character that cannot be seen. */
interface Invisible {
  /** Such as `U+200B`. */
  code: string;
  /** Counts characters from 1. */
  position: number;
}

/**
 * Finds the first character that cannot be seen; null if there is none. Those that belong to an emoji or
 * to the spelling of a word can be seen.
 *
 * @example
 * ```ts
 * import { invisibleIn } from "./invisible.ts";
 * invisibleIn("a\u200b.csv"); // { code: "U+200B", position: 2 }
 * ```
 */
export function invisibleIn(text: string): Invisible | null {
  for (const { 0: found, 1: visible, index } of text.matchAll(HIDDEN)) {
    if (visible !== undefined) continue;
    const code = codeOf(found).toString(16).toUpperCase().padStart(4, "0");
    return { code: `U+${code}`, position: [...text.slice(0, index)].length + 1 };
  }
  return null;
}

/**
 * Escapes characters that cannot be seen, as JavaScript does.
 *
 * @param kept characters that stay, such as line feeds
 * @example
 * ```ts
 * import { withInvisibleShown } from "./invisible.ts";
 * withInvisibleShown("a\u200b.csv"); // "a\\u200b.csv"
 * ```
 */
export function withInvisibleShown(text: string, kept = ""): string {
  return text.replace(
    HIDDEN,
    (found, visible) => visible !== undefined || kept.includes(found) ? found : escaped(found),
  );
}

/**
 * The same for code, where also what belongs to an emoji or a word is escaped: it could be a name that
 * looks like another.
 */
export function withAllShown(text: string, kept = ""): string {
  return text.replace(ALL, (found) => kept.includes(found) ? found : escaped(found));
}

/** The same within a JSON text, which stays the same value. */
export function withInvisibleEscaped(json: string): string {
  return json.replace(HIDDEN, (found, visible) => {
    if (visible !== undefined || found === "\n") return found;
    const units = Array.from({ length: found.length }, (_, at) => found.charCodeAt(at));
    return units.map((unit) => `\\u${hex(unit)}`).join("");
  });
}

function escaped(found: string): string {
  const code = codeOf(found);
  return code > 0xffff ? `\\u{${hex(code)}}` : `\\u${hex(code)}`;
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function hex(code: number): string {
  return code.toString(16).padStart(4, "0");
}
