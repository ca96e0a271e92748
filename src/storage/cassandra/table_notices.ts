import type { TableSpec } from "../../batch/column.ts";
import { keyOf } from "../table_rules.ts";
import { PAGE_ROWS } from "./tombstones.ts";

/** The tombstones in a page above which the cluster refuses to read it. */
const FAILURE_TOMBSTONES = 100_000;
/** With more nulls in each row, a page is refused. */
const MAX_NULLS_A_ROW = FAILURE_TOMBSTONES / PAGE_ROWS;

/** Remarks about tables that could not be read in the usual pages if a module writes many nulls. */
export function tableNotices(tables: readonly TableSpec[]): string[] {
  return tables.flatMap((table) => {
    const values = table.columns.length - keyOf(table).length;
    if (table.onConflict !== "merge" || values <= MAX_NULLS_A_ROW) return [];
    return [
      `table "${table.name}": each null that a row writes to one of its ${values} columns is a ` +
      `tombstone (onConflict: "merge"). With more than ${MAX_NULLS_A_ROW} in a row, the cluster ` +
      "refuses to read pages of 5,000 rows. Return undefined for a column to leave it as it is.",
    ];
  });
}
