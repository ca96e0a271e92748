/** Each tenant costs memory here and in Prometheus; further ones share a label. */
const MOST = 500;

/** The label of all values beyond the limit. */
const OTHERS = "_others";

/**
 * Limits the number of values of a label: values beyond the limit become `_others`.
 *
 * @example
 * ```ts
 * import { BoundedLabels } from "./bounded_labels.ts";
 * const tenants = new BoundedLabels(1);
 * tenants.of("customer-1"); // "customer-1"
 * tenants.of("customer-2"); // "_others"
 * ```
 */
export class BoundedLabels {
  readonly #known = new Set<string>();
  readonly #most: number;

  constructor(most = MOST) {
    this.#most = most;
  }

  of(value: string): string {
    if (this.#known.has(value)) return value;
    if (this.#known.size >= this.#most) return OTHERS;
    this.#known.add(value);
    return value;
  }
}
