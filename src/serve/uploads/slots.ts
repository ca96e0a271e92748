import { Failure } from "../../base/failure.ts";

/** Maximum number of bodies received at the same time. */
export interface SlotLimits {
  /** For all tenants together. @default 64 */
  total: number;
  /** For one tenant, so that it cannot block the others. @default 16 */
  perTenant: number;
}

/**
 * Limits the memory and open files of bodies being received: each needs up to 2 MB of buffers.
 */
export class Slots {
  readonly #limits: SlotLimits;
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(limits: SlotLimits = { total: 64, perTenant: 16 }) {
    this.#limits = limits;
  }

  /**
   * Runs `work` in a slot.
   * @throws {Failure} `too-busy`
   */
  async run<T>(tenant: string, work: () => Promise<T>): Promise<T> {
    const own = this.#taken.get(tenant) ?? 0;
    if (this.#total >= this.#limits.total || own >= this.#limits.perTenant) {
      const text = "Cannot receive the bytes now: too many uploads at the same time";
      throw new Failure("server", "too-busy", text, {
        hint: "Send fewer files in parallel, or try again in a moment.",
        details: { retryAfterSeconds: 1 },
      });
    }
    this.#total++;
    this.#taken.set(tenant, own + 1);
    try {
      return await work();
    } finally {
      this.#total--;
      const left = (this.#taken.get(tenant) ?? 1) - 1;
      if (left === 0) this.#taken.delete(tenant);
      else this.#taken.set(tenant, left);
    }
  }
}
