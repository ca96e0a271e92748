import { systemClock } from "../../base/clock.ts";
import { Failure } from "../../base/failure.ts";

/** Maximum number of bodies received at the same time. */
export interface SlotLimits {
  /** For all callers together. */
  total: number;
  /** For one caller. It gets fewer while others need some. */
  perCaller: number;
  /** Whether the oldest body of a caller gives way to its next one. @default the next one is refused */
  oldestGivesWay?: boolean;
  /** Milliseconds after which a body gives way to one of a caller that has no slot. @default 10,000 */
  turnMs?: number;
  /** Milliseconds until a refusal is answered. @default 250 */
  refusalMs?: number;
}

const REFUSAL_MS = 250;

/** Waits before a refusal is answered: clients who try again at once must not keep the server busy. */
export function beforeRefusal(ms = REFUSAL_MS): Promise<void> {
  return systemClock.sleep(ms);
}

/** A body that is being received. */
interface Slot {
  caller: string;
  /** When it began, in milliseconds of the monotonic clock. */
  since: number;
  displaced: AbortController;
}

/**
 * Limits how many bodies are received at the same time, and shares them among those who send.
 *
 * A caller gets a slot only while it has fewer than are free (the dynamic threshold of shared-memory
 * switches, Choudhury and Hahne 1998): a few callers never take all slots. One that has none gets one
 * of the caller with the most. If all have one, they take turns.
 *
 * @example
 * ```ts
 * import { Slots } from "./slots.ts";
 * const slots = new Slots({ total: 64, perCaller: 16 });
 * await slots.run("customer-1", (displaced) => Promise.resolve(displaced.aborted)); // false
 * ```
 */
export class Slots {
  readonly #limits: SlotLimits;
  /** The slots of each caller, oldest first. */
  readonly #taken = new Map<string, Set<Slot>>();
  #total = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  /**
   * Runs `work` in a slot. When `displaced` aborts, another body has the slot and the work must end;
   * its reason is the failure for the sender.
   * @throws {Failure} `too-busy`
   */
  async run<T>(caller: string, work: (displaced: AbortSignal) => Promise<T>): Promise<T> {
    const slot = this.#take(caller);
    if (slot === null) {
      await beforeRefusal(this.#limits.refusalMs);
      throw tooBusy();
    }
    try {
      return await work(slot.displaced.signal);
    } finally {
      this.#release(slot);
    }
  }

  #take(caller: string): Slot | null {
    const { total, perCaller, oldestGivesWay = false } = this.#limits;
    const since = systemClock.monotonic();
    const own = this.#taken.get(caller)?.size ?? 0;
    const free = total - this.#total;
    if (own >= Math.min(perCaller, free)) {
      const giver = this.#taken.get(own > 0 ? caller : this.#heaviest()) ?? new Set();
      const [oldest] = giver;
      const canGive = oldestGivesWay || (own === 0 && (giver.size > 1 || this.#hadItsTurn(oldest)));
      if (oldest === undefined || !canGive) return null;
      this.#displace(oldest);
    }
    const slot = { caller, since, displaced: new AbortController() };
    const slots = this.#taken.get(caller) ?? new Set();
    this.#taken.set(caller, slots.add(slot));
    this.#total++;
    return slot;
  }

  /** The caller with the most slots; of several, the one that began first. */
  #heaviest(): string {
    let [heaviest, most] = ["", 0];
    for (const [caller, { size }] of this.#taken) {
      if (size > most) [heaviest, most] = [caller, size];
    }
    return heaviest;
  }

  #hadItsTurn(slot: Slot | undefined): boolean {
    const { turnMs = 10_000 } = this.#limits;
    return slot !== undefined && systemClock.monotonic() - slot.since >= turnMs;
  }

  #displace(slot: Slot): void {
    // Its place is free at once; what it still holds is released in a moment.
    this.#release(slot);
    slot.displaced.abort(tooBusy());
  }

  #release(slot: Slot): void {
    const slots = this.#taken.get(slot.caller);
    if (!slots?.delete(slot)) return;
    this.#total--;
    if (slots.size === 0) this.#taken.delete(slot.caller);
  }
}

function tooBusy(): Failure {
  const text = "Cannot receive the body now: too many are received at the same time";
  return new Failure("server", "too-busy", text, {
    hint: "Send less in parallel, or try again in a moment.",
    details: { retryAfterSeconds: 1 },
  });
}
