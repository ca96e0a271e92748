import { shapeOf } from "./temporal_shape.ts";
import { meansNull } from "./words.ts";

/** What a cell looks like, to tell headers from values. */
export type CellKind = "blank" | "number" | "moment" | "boolean" | "id" | "text";

const NUMBER = /^[-+]?[€$£]?\d[\d.,' \u00a0\u202f]*([eE][-+]?\d+)?\s?[%€$£]?$/;
const WORD = /^(true|false|yes|no)$/i;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @example
 * ```ts
 * import { cellKind } from "./cell_kind.ts";
 * cellKind("1.234,56"); // "number"
 * ```
 */
export function cellKind(cell: string): CellKind {
  const trimmed = cell.trim();
  if (trimmed === "" || meansNull(trimmed)) return "blank";
  if (NUMBER.test(trimmed) || /^[-+]?[.,]\d+$/.test(trimmed)) return "number";
  if (trimmed.length <= 40 && /\d/.test(trimmed) && shapeOf(trimmed) !== null) return "moment";
  if (WORD.test(trimmed)) return "boolean";
  return UUID.test(trimmed) ? "id" : "text";
}
