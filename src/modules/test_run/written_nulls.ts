import { formatNumber } from "../../base/count.ts";
import type { Cell, TableSpec } from "../../batch/column.ts";

/** Cassandra refuses to read a page with more than 100,000 tombstones; drivers read 5,000 rows. */
const MAX_NULLS_A_ROW = 20;

/** Counts the nulls that rows write: with `onConflict: "merge"`, each is a tombstone in Cassandra. */
export class WrittenNulls {
  readonly #tables = new Map<string, { rows: number; nulls: number }>();

  add({ name, onConflict }: TableSpec, columns: readonly (readonly Cell[])[], rows: number): void {
    if (onConflict !== "merge") return;
    const counts = this.#tables.get(name) ?? { rows: 0, nulls: 0 };
    counts.rows += rows;
    for (const values of columns) for (const value of values) if (value === null) counts.nulls++;
    this.#tables.set(name, counts);
  }

  /** Remarks about tables that Cassandra could not read in the usual pages. */
  notices(): string[] {
    return [...this.#tables].flatMap(([name, { rows, nulls }]) => {
      const share = Math.round(nulls / rows);
      if (share <= MAX_NULLS_A_ROW) return [];
      return [
        `table "${name}": ${
          formatNumber(share)
        } nulls a row are written (onConflict: "merge"). In ` +
        "Cassandra each is a tombstone, and it refuses to read pages of 5,000 such rows. Return " +
        "undefined for a column to leave it as it is.",
      ];
    });
  }
}
