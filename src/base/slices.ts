/** Items that are worked on at the same time. */
const SLICE = 20;

/**
 * Maps many items, some at a time, so that other work of the event loop has its turn in between.
 *
 * @example
 * ```ts
 * import { mapInSlices } from "./slices.ts";
 * await mapInSlices([1, 2], (value) => Promise.resolve(2 * value)); // [2, 4]
 * ```
 */
export async function mapInSlices<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += SLICE) {
    results.push(...await Promise.all(items.slice(at, at + SLICE).map(work)));
    // A promise alone would continue before requests that have arrived meanwhile.
    await new Promise((resolve) => setTimeout(resolve));
  }
  return results;
}
