import { systemClock } from "../../base/clock.ts";

/** How slowly a body may arrive. */
export interface SenderLimits {
  /** Milliseconds over which the rate is averaged. */
  stallMs: number;
  /** Bytes per second that must arrive; below it, a body counts as stalled. */
  minRate: number;
}

/**
 * Notices a sender that stalls or is too slow. Only the time counts in which the server waits for
 * bytes: a slow disk is not the sender's fault.
 *
 * @example
 * ```ts
 * import { SenderWatch } from "./sender_watch.ts";
 * const limits = { stallMs: 60_000, minRate: 1024 };
 * using watch = new SenderWatch(limits, () => console.log("too slow"));
 * watch.waits();
 * watch.received(5);
 * ```
 */
export class SenderWatch implements Disposable {
  readonly #limits: SenderLimits;
  readonly #onStalled: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  /** When the server began to wait; null while it stores bytes. */
  #waitingSince: number | null = null;
  #current: Span = { ms: 0, bytes: 0 };
  #spans: Span[] = [];

  constructor(limits: SenderLimits, onStalled: () => void) {
    this.#limits = limits;
    this.#onStalled = onStalled;
    const everyMs = Math.max(1, Math.min(limits.stallMs / 4, 5000));
    this.#timer = setInterval(() => this.#check(), everyMs);
  }

  /** The server asks for the next bytes. */
  waits(): void {
    this.#waitingSince = systemClock.monotonic();
  }

  /** They have arrived. */
  received(bytes: number): void {
    this.#count();
    this.#waitingSince = null;
    this.#current.bytes += bytes;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #count(): void {
    if (this.#waitingSince === null) return;
    const now = systemClock.monotonic();
    this.#current.ms += now - this.#waitingSince;
    this.#waitingSince = now;
  }

  #check(): void {
    this.#count();
    if (this.#current.ms === 0) return;
    this.#spans.push(this.#current);
    this.#current = { ms: 0, bytes: 0 };
    const { stallMs, minRate } = this.#limits;
    let sum = total(this.#spans);
    if (sum.ms < stallMs) return;
    if (sum.bytes < Math.max(1, minRate * sum.ms / 1000)) this.#onStalled();
    for (; sum.ms >= stallMs; sum = total(this.#spans)) this.#spans.shift();
  }
}

interface Span {
  /** Milliseconds of waiting. */
  ms: number;
  bytes: number;
}

function total(spans: readonly Span[]): Span {
  return spans.reduce((all, { ms, bytes }) => ({ ms: all.ms + ms, bytes: all.bytes + bytes }), {
    ms: 0,
    bytes: 0,
  });
}
