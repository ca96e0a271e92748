import { Failure } from "../../base/failure.ts";

/** How many bodies are received at once. */
export interface SlotLimits {
  /** Of all tenants. @default 64 */
  total: number;
  /** Of one tenant, so that it cannot keep the others out. @default 16 */
  perTenant: number;
}

/**
 * Bounds the memory and the open files of bodies on their way: each takes up to 2 MB of buffers.
 */
export class Slots {
  readonly #limits: SlotLimits;
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(limits: SlotLimits = { total: 64, perTenant: 16 }) {
    this.#limits = limits;
  }

  /**
   * Runs work in a slot.
   * @throws {Failure} `too-busy`
   */
  async run<T>(tenant: string, work: () => Promise<T>): Promise<T> {
    const own = this.#taken.get(tenant) ?? 0;
    if (this.#total >= this.#limits.total || own >= this.#limits.perTenant) {
      throw new Failure(
        "server",
        "too-busy",
        "Cannot take the bytes now: too many uploads at once",
        {
          hint: "Send fewer files side by side, or try again in a moment.",
          details: { retryAfterSeconds: 1 },
        },
      );
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
