/** The share of the time that the work may use. */
const SHARE = 0.1;

/**
 * Returns a function for work that reads much: who calls at the same time gets the same result, and a
 * result is kept for ten times as long as it took, so that frequent calls cost little. A failure is not
 * kept.
 *
 * @example
 * ```ts
 * import { sparing } from "./sparing.ts";
 * const count = sparing(() => Promise.resolve(1));
 * await count(); // 1
 * ```
 */
export function sparing<T>(work: () => Promise<T>): () => Promise<T> {
  let kept: { result: Promise<T>; until: number } | null = null;
  return () => {
    if (kept !== null && performance.now() < kept.until) return kept.result;
    const start = performance.now();
    const made = { result: work(), until: Infinity };
    kept = made;
    const onDone = () => {
      const now = performance.now();
      made.until = now + (now - start) / SHARE;
    };
    made.result.then(onDone, () => void (kept = null));
    return made.result;
  };
}
