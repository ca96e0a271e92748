import {
  type Constraints,
  constraintsSchema,
  newConstraintsSchema,
} from "../protocol/constraints.ts";
import { type JsonFault, parseJson, schemaFaults } from "./json_fault.ts";

/** A checked `constraints/<tenant>.json`. */
export interface CheckedConstraints {
  /** What the file means; null if that is not clear. A file with faults can be clear. */
  constraints: Constraints | null;
  faults: JsonFault[];
}

/**
 * Checks a file of constraints and reports all its faults. Unknown keys are faults, so that a
 * misspelled limit is noticed.
 *
 * @example
 * ```ts
 * import { checkConstraints } from "./constraints_file.ts";
 * checkConstraints('{"formats":["csv"],"number_files":1,"data_sizes":5}').faults[0]?.message;
 * // 'expected an extension with its dot, for example ".csv"'
 * ```
 */
export function checkConstraints(text: string): CheckedConstraints {
  const { value, faults } = parseJson(text);
  if (value === undefined) return { constraints: null, faults };
  const strict = newConstraintsSchema.safeParse(value);
  const keys = Object.keys(newConstraintsSchema.shape);
  const all = [...faults, ...schemaFaults(strict.error, text, () => keys)];
  const clear = faults.length === 0 ? constraintsSchema.safeParse(value).data : undefined;
  return { constraints: clear ? withDots(clear) : null, faults: all };
}

/** Returns constraints whose formats all start with a dot. */
export function withDots({ formats, ...limits }: Constraints): Constraints {
  const dotted = formats.map((format) => format.startsWith(".") ? format : `.${format}`);
  return { ...limits, formats: dotted };
}
