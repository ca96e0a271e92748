import type { Decision } from "../column_decision.ts";
import { wordsOf } from "./name_hints.ts";

/** Words that tell the members of a family apart: temp_min, temp_max. */
const MEMBERS = new Set(
  ("min max minimum maximum avg average mean median std sd low high lower upper first last start end open close " +
    "lat lon lng long latitude longitude x y z u v w q1 q2 q3 q4 p50 p90 p95 p99").split(" "),
);
/** From narrow to wide: all members get the widest of them. */
const NUMBERS = ["int", "bigint", "double", "decimal"] as const;

/**
 * Gives all columns of a family the same type and decimal comma: temp_1 is a double if temp_2 is one,
 * since the next file may have decimal places there.
 */
export function alignFamilies(columns: readonly { name: string; decision: Decision }[]): void {
  const families = Map.groupBy(columns, ({ name }) => familyOf(name) ?? "");
  families.delete("");
  for (const family of families.values()) {
    const ranks = family.map(({ decision }) => NUMBERS.findIndex((type) => type === decision.type));
    const members = family.filter((_, i) => ranks[i]! >= 0);
    const widest = NUMBERS[Math.max(...ranks)];
    if (widest === undefined) continue;
    const hasPlaces = widest === "double" || widest === "decimal";
    const usesComma = members.some(({ decision }) => decision.options.decimal === ",");
    for (const { decision } of members) {
      decision.type = widest;
      if (hasPlaces && usesComma) decision.options = { ...decision.options, decimal: "," };
    }
  }
}

/** @returns null if the name is not that of a family's member */
function familyOf(name: string): string | null {
  const words = wordsOf(name).flatMap((word) => word.match(/\d+|\D+/g) ?? []);
  const rest = words.filter((word) => !MEMBERS.has(word) && !/^\d+$/.test(word));
  return rest.length < words.length ? `#${rest.join(" ")}` : null;
}
