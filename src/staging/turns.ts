/**
 * Sorts files so that tenants take turns: the first file of each, then the second of each. The files of
 * one tenant keep their order.
 *
 * @example
 * ```ts
 * import { byTurns } from "./turns.ts";
 * byTurns([{ tenant: "a" }, { tenant: "a" }, { tenant: "b" }]); // a, b, a
 * ```
 */
export function byTurns<T extends { tenant: string }>(files: readonly T[]): T[] {
  const counts = new Map<string, number>();
  const numbered = files.map((file) => {
    const turn = counts.get(file.tenant) ?? 0;
    counts.set(file.tenant, turn + 1);
    return { file, turn };
  });
  return numbered.toSorted((a, b) => a.turn - b.turn).map(({ file }) => file);
}
