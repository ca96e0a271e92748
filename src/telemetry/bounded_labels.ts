/** More tenants than this share one label: each costs memory here and at whoever scrapes. */
const MOST = 500;

/** Takes the place of the label of those that are too many. */
const OTHERS = "_others";

/**
 * Values of a label, at most so many: the first ones stay themselves, all later ones are one.
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
