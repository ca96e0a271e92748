/**
 * Returns the known word that is most similar to a mistyped one; null if none is similar.
 *
 * @example
 * ```ts
 * import { nearest } from "./nearest.ts";
 * nearest("quarantind", ["queued", "quarantined"]); // "quarantined"
 * ```
 */
export function nearest(word: string, known: readonly string[]): string | null {
  let best: string | null = null;
  // At most a third of the letters can differ.
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const edits = editsBetween(word.toLowerCase(), candidate.toLowerCase());
    if (edits >= least) continue;
    least = edits;
    best = candidate;
  }
  return best;
}

/** Shorter names occur within many others by chance. */
const MIN_CONTAINED = 4;

/**
 * Returns the known column name that probably means the same as `name`; null if none does: the same
 * without case and punctuation, one with more or fewer words, or one with a few other letters.
 *
 * @example
 * ```ts
 * import { similarName } from "./nearest.ts";
 * similarName("amount", ["id", "amount_eur", "city"]); // "amount_eur"
 * ```
 */
export function similarName(name: string, known: readonly string[]): string | null {
  const plain = lettersOf(name);
  if (plain === "") return null;
  const same = known.find((other) => lettersOf(other) === plain);
  if (same !== undefined) return same;
  const words = wordsOf(name);
  const related = known.filter((other) => {
    const others = wordsOf(other);
    const isLonger = words.every((word) => others.includes(word));
    const isShorter = others.length > 0 && others.every((word) => words.includes(word));
    return isLonger || isShorter || contains(lettersOf(other), plain);
  });
  const [closest] = related.toSorted((a, b) => distance(a, plain) - distance(b, plain));
  return closest ?? nearest(name, known);
}

function distance(other: string, plain: string): number {
  return Math.abs(lettersOf(other).length - plain.length);
}

function contains(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= MIN_CONTAINED && long.includes(short);
}

function lettersOf(name: string): string {
  return wordsOf(name).join("");
}

function wordsOf(name: string): string[] {
  return name.normalize("NFKC").toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

/** Returns the number of edits (insert, delete, replace, swap neighbors) between two words. */
function editsBetween(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let edits = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) edits = Math.min(edits, (beforeLast[j - 2] ?? 0) + 1);
      row.push(edits);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
