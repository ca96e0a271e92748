/** Texts that mean "no value", in lower case. */
const NULLS = new Set([
  "na",
  "n/a",
  "n.a.",
  "#n/a",
  "#na",
  "nan",
  "null",
  "(null)",
  "<null>",
  "nil",
  "none",
  "\\n",
  "-",
  "--",
  "---",
  "–",
  "—",
  ".",
  "..",
  "...",
  "?",
  "missing",
  "unknown",
  "not available",
  "k.a.",
  "k. a.",
  "n.d.",
  "<na>",
  "nat",
]);

/** Whether a text without blanks around it often means "no value", such as "N/A" or "-". */
export function meansNull(text: string): boolean {
  return text.length <= 13 && NULLS.has(text.toLowerCase());
}

/** Of these, the ones that have no other meaning in a text. */
const CERTAIN = new Set(["na", "n/a", "#n/a", "nan", "null", "(null)", "<null>", "\\n", "<na>"]);

/** Whether a text means "no value" in a column of texts, too, or is at least unlikely to be one. */
export function meansNullInText(text: string): boolean {
  return CERTAIN.has(text.toLowerCase());
}

/** Pairs of words for true and false, in lower case. */
const PAIRS: readonly (readonly [isTrue: string, isFalse: string])[] = [
  ["true", "false"],
  ["yes", "no"],
  ["y", "n"],
  ["t", "f"],
  ["on", "off"],
  ["ja", "nein"],
  ["j", "n"],
  ["wahr", "falsch"],
  ["oui", "non"],
  ["o", "n"],
  ["vrai", "faux"],
  ["si", "no"],
  ["sí", "no"],
  ["s", "n"],
  ["verdadero", "falso"],
  ["vero", "falso"],
  ["sim", "não"],
  ["ja", "nej"],
  ["tak", "nie"],
  ["да", "нет"],
  ["はい", "いいえ"],
  ["是", "否"],
];
/** The pairs that a boolean column reads without options. */
const DEFAULT_PAIRS = 4;

/** The words of a boolean column. */
export interface BooleanWords {
  isTrue: string;
  isFalse: string;
  /** Whether the column reads them without options. */
  isDefault: boolean;
}

/**
 * The pair of words that the values of a column are.
 *
 * @param words its different values, in lower case
 * @returns null if it is not a column of such words. Only "true" or "false" may stand alone: a column
 * of nothing but "N" can mean anything.
 */
export function booleanWords(words: ReadonlySet<string>): BooleanWords | null {
  for (const [index, [isTrue, isFalse]] of PAIRS.entries()) {
    const isKnown = [...words].every((word) => word === isTrue || word === isFalse);
    if (isKnown && (words.size === 2 || index === 0)) {
      return { isTrue, isFalse, isDefault: index < DEFAULT_PAIRS };
    }
  }
  return null;
}
