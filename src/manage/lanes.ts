/** Where a file runs: in one of a few places for files that have just begun, or beside them. */
export type Lane = "quick" | "slow";

/** A file that leaves its place: it goes on beside it, in the slow lane, or is sent back to the queue. */
export interface Move {
  id: string;
  to: "beside" | "slow" | "queue";
}

interface LanesOptions {
  /** The number of places in the quick lane. */
  places: () => number;
  /** Bytes of memory for all running files. */
  memoryBytes: () => number;
  /** The most bytes that one file can need; a file counts with them until its own are known. */
  fileBytes: () => number;
}

interface Run {
  lane: Lane;
  bytes: number;
  /** Milliseconds since an arbitrary moment. */
  startedAt: number;
  /** Its place is free for another file, but it still counts with the quick ones. */
  isBeside: boolean;
  /** Its sandbox has ended: only rows remain to be written, so it is not interrupted. */
  isRead: boolean;
}

/** The recent use of the tenant whose file waits for a place; null when none waits. In seconds. */
type WaitingUse = number | null;

/** After this many milliseconds a file moves to the slow lane. */
const LONG_MS = 5_000;
/** After this many it leaves its place if another file waits. */
const WAITED_FOR_MS = 1_000;
/** After this many it is interrupted if another file waits and there is no memory for both. */
const INTERRUPT_MS = 4_000;
/** The least share of the memory that is kept for files that have just begun. */
const QUICK_SHARE = 1 / 4;
/** The largest share of it. */
const QUICK_SHARE_MOST = 1 / 2;

/**
 * Decides how many files run at once, so that files that take long, of any number of tenants, do not
 * hold up the short ones of others. Each file starts in one of a few places. After one second it leaves
 * that if another file waits, and after five it moves to the slow lane; only memory limits how many
 * files run there. Without memory for another file it returns to the queue, and starts again in the
 * slow lane when there is room. There it runs to its end.
 *
 * @example
 * ```ts
 * import { Lanes } from "./lanes.ts";
 * const gb = () => 2 ** 30;
 * const lanes = new Lanes({ places: () => 1, memoryBytes: () => 4 * gb(), fileBytes: gb });
 * lanes.start("a", "quick", 0);
 * lanes.moves(1_000, 0, () => 0); // [{ id: "a", to: "beside" }]: another file waits
 * lanes.hasRoom("quick"); // true
 * ```
 */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #runs = new Map<string, Run>();
  /** Files that were sent back to the queue, until they end. */
  readonly #leaving = new Set<string>();

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** Whether another file may start. Each lane has room for one, whatever its memory. */
  hasRoom(lane: Lane): boolean {
    const { places, fileBytes } = this.#options;
    const own = this.#in(lane).filter(({ isBeside }) => !isBeside);
    if (own.length === 0) return true;
    const bytes = fileBytes();
    if (lane === "quick" && this.#taken(own) >= places()) return false;
    if (lane === "slow" && !this.#fitsSlow(bytes)) return false;
    return this.#hasMemory(bytes);
  }

  #hasMemory(bytes: number): boolean {
    return sumOf([...this.#runs.values()]) + bytes <= this.#options.memoryBytes();
  }

  /** The places that are taken: as many more files may be writing their rows. */
  #taken(quick: readonly Run[]): number {
    const read = quick.filter(({ isRead }) => isRead).length;
    return quick.length - Math.min(read, this.#options.places());
  }

  /** @param now milliseconds since an arbitrary moment */
  start(id: string, lane: Lane, now: number): void {
    const bytes = this.#options.fileBytes();
    this.#runs.set(id, { lane, bytes, startedAt: now, isBeside: false, isRead: false });
  }

  /** Sets the memory limit of a running file, once its module is known. */
  limit(id: string, bytes: number): void {
    const run = this.#runs.get(id);
    if (run) run.bytes = bytes;
  }

  /** Marks a running file as completely read and valid. */
  read(id: string): void {
    const run = this.#runs.get(id);
    if (run) run.isRead = true;
  }

  end(id: string): void {
    this.#runs.delete(id);
    this.#leaving.delete(id);
  }

  isSlow(id: string): boolean {
    return this.#runs.get(id)?.lane === "slow";
  }

  /** Whether a file may have to leave its place soon if another one waits. */
  isDue(now: number): boolean {
    return this.#in("quick").some(({ startedAt }) => now - startedAt >= WAITED_FOR_MS);
  }

  /**
   * Moves the files whose time in their place is over.
   *
   * @param waiting a file is only interrupted for a tenant with less recent use than its own
   * @param useOf the recent use of a running file's tenant, in seconds
   * @returns which files have moved, and which the caller has to interrupt
   */
  moves(now: number, waiting: WaitingUse, useOf: (id: string) => number): Move[] {
    const moves: Move[] = [];
    for (const [id, run] of this.#runs) {
      const age = now - run.startedAt;
      if (run.lane === "slow" || age < WAITED_FOR_MS) continue;
      const to = this.#moveOf(run, age, waiting, () => useOf(id));
      if (to === null || this.#leaving.has(id)) continue;
      if (to === "slow") run.lane = "slow";
      if (to === "queue") this.#leaving.add(id);
      else run.isBeside = to === "beside";
      moves.push({ id, to });
    }
    return moves;
  }

  #moveOf(run: Run, age: number, waiting: WaitingUse, use: () => number): Move["to"] | null {
    if (age >= LONG_MS && (run.isRead || this.#fitsSlow(run.bytes))) return "slow";
    if (waiting === null || run.isBeside && this.hasRoom("quick")) return null;
    if (run.isRead || this.#hasMemory(this.#options.fileBytes())) {
      return run.isBeside ? null : "beside";
    }
    return age >= INTERRUPT_MS && waiting < use() ? "queue" : null;
  }

  /** Whether the slow lane has room for a file; an empty one always has. */
  #fitsSlow(bytes: number): boolean {
    const { places, memoryBytes, fileBytes } = this.#options;
    const memory = memoryBytes();
    const wanted = Math.min(places() * fileBytes(), QUICK_SHARE_MOST * memory);
    const kept = Math.max(QUICK_SHARE * memory, wanted);
    const slow = this.#in("slow");
    return slow.length === 0 || sumOf(slow) + bytes <= memory - kept;
  }

  #in(lane: Lane): Run[] {
    return [...this.#runs.values()].filter((run) => run.lane === lane);
  }
}

function sumOf(runs: readonly Run[]): number {
  return runs.reduce((sum, { bytes }) => sum + bytes, 0);
}
