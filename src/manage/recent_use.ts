/** After this many milliseconds, use counts half. */
const HALF_LIFE_MS = 600_000;

/**
 * How long the files of each tenant ran recently, in seconds. The tenant that has used the least is
 * next, so a new one need not wait for those whose files take long.
 *
 * @example
 * ```ts
 * import { RecentUse } from "./recent_use.ts";
 * const use = new RecentUse();
 * use.add("customer-1", 60, 0);
 * use.of("customer-1", 600_000); // 30
 * ```
 */
export class RecentUse {
  readonly #used = new Map<string, { seconds: number; at: number }>();

  /** @param now milliseconds since an arbitrary moment */
  add(tenant: string, seconds: number, now: number): void {
    this.#used.set(tenant, { seconds: (this.of(tenant, now) ?? 0) + seconds, at: now });
  }

  /** @returns seconds; null for a tenant without any use */
  of(tenant: string, now: number): number | null {
    const used = this.#used.get(tenant);
    return used === undefined ? null : used.seconds * 0.5 ** ((now - used.at) / HALF_LIFE_MS);
  }
}
