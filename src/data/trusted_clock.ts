import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { readJson, writeDurably } from "./durable.ts";

const DAY_MS = 86_400_000;
/** A clock that is further ahead than this has jumped, or the process did not run for so long. */
const JUMP_MS = DAY_MS;
/** How long a jump must last before the new time is trusted. */
const HOLD_MS = DAY_MS;
/** Milliseconds between two writes of an unchanged state. */
const WRITE_MS = 600_000;

const stateSchema = z.object({
  /** A time that was right, in milliseconds since the epoch. */
  trusted: z.number(),
  /** Milliseconds since then, by the monotonic clock. */
  elapsed: z.number(),
  /** Milliseconds since the jump was noticed; 0 without one. */
  held: z.number(),
});

/** A clock that is ahead of what is expected. */
export interface ClockJump {
  aheadMs: number;
  /** How long it is not trusted yet. */
  holdMs: number;
}

/**
 * Protects what is deleted after some days from a wrong clock: one that is a year ahead for a minute
 * must not empty the archive. The clock is trusted if it is not more than a day ahead of the monotonic
 * clock, and of the last time that was written to a file. Otherwise nothing is deleted for a day; then
 * the new time is taken to be right. A machine that was switched off for longer waits a day too.
 */
export class TrustedClock {
  readonly #path: string;
  readonly #clock: Pick<Clock, "now" | "monotonic">;
  #state: z.infer<typeof stateSchema> | null = null;
  #lastLook = 0;
  #lastWrite = -Infinity;

  /** @param path of the file that keeps the last time */
  constructor(path: string, clock: Pick<Clock, "now" | "monotonic">) {
    this.#path = path;
    this.#clock = clock;
  }

  /** Returns the jump of the clock while it is not trusted; null when things may be deleted. */
  async jump(): Promise<ClockJump | null> {
    const [now, monotonic] = [this.#clock.now(), this.#clock.monotonic()];
    const passed = this.#state === null ? 0 : monotonic - this.#lastLook;
    this.#lastLook = monotonic;
    const last = this.#state ?? await this.#read() ?? { trusted: now, elapsed: 0, held: 0 };
    const elapsed = last.elapsed + passed;
    const aheadMs = now - last.trusted - elapsed;
    const held = aheadMs <= JUMP_MS ? 0 : last.held + Math.max(1, passed);
    const isTrusted = held === 0 || held > HOLD_MS;
    const hasChanged = isTrusted !== (last.held === 0);
    this.#state = isTrusted
      ? { trusted: now, elapsed: 0, held: 0 }
      : { trusted: last.trusted, elapsed, held };
    if (hasChanged || monotonic - this.#lastWrite >= WRITE_MS) {
      // On a full disk the state is only in memory, which protects until the process ends.
      await writeDurably(this.#path, JSON.stringify(this.#state)).catch(() => {});
      this.#lastWrite = monotonic;
    }
    return isTrusted ? null : { aheadMs, holdMs: HOLD_MS - held };
  }

  async #read(): Promise<z.infer<typeof stateSchema> | null> {
    return stateSchema.safeParse(await readJson(this.#path)).data ?? null;
  }
}
