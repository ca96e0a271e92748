interface FairQueueOptions {
  /** Maximum number of waiting entries of one party in a lane. */
  maxPerParty: number;
  /** Maximum number of waiting entries in a lane. */
  maxPerLane: number;
}

interface Waiting<T> {
  entry: T;
  isWork: boolean;
}

type Lane<T> = Map<string, Waiting<T>[]>;

/**
 * A queue in which lanes take turns, and within a lane its parties. When a lane is full, the party
 * with the most work loses some, not the party that has just arrived. Entries that are no work are
 * not counted; the caller limits them.
 *
 * @example
 * ```ts
 * import { FairQueue } from "./fair_queue.ts";
 * const queue = new FairQueue<string>({ maxPerParty: 8, maxPerLane: 64 });
 * for (const job of ["a1", "a2"]) queue.push("tenant", "192.0.2.1", job);
 * queue.push("tenant", "192.0.2.2", "b1");
 * [queue.shift(), queue.shift(), queue.shift()]; // ["a1", "b1", "a2"]
 * ```
 */
export class FairQueue<T> {
  readonly #options: FairQueueOptions;
  // The first one has the next turn.
  readonly #lanes = new Map<string, Lane<T>>();

  constructor(options: FairQueueOptions) {
    this.#options = options;
  }

  /** Adds an entry. @returns the entry that has no room, this or another one; null if all have */
  push(lane: string, party: string, entry: T, isWork = true): T | null {
    const parties: Lane<T> = this.#lanes.get(lane) ?? new Map();
    const mine = parties.get(party) ?? [];
    let refused: T | null = null;
    if (isWork) {
      const work = workIn(mine);
      if (work >= this.#options.maxPerParty) return entry;
      if (workInLane(parties) >= this.#options.maxPerLane) {
        const longest = longestOf(parties);
        if (workIn(longest) <= work + 1) return entry;
        refused = dropNewest(longest);
      }
    }
    mine.push({ entry, isWork });
    parties.set(party, mine);
    this.#lanes.set(lane, parties);
    return refused;
  }

  /** Takes the next entry; undefined when the queue is empty. */
  shift(): T | undefined {
    for (const [lane, parties] of this.#lanes) {
      for (const [party, waiting] of parties) {
        const next = waiting.shift();
        // Whose turn it was is now the last.
        parties.delete(party);
        if (waiting.length > 0) parties.set(party, waiting);
        this.#lanes.delete(lane);
        if (parties.size > 0) this.#lanes.set(lane, parties);
        return next?.entry;
      }
    }
    return undefined;
  }

  /** How much work is waiting. */
  get work(): number {
    let work = 0;
    for (const parties of this.#lanes.values()) work += workInLane(parties);
    return work;
  }
}

function workIn(waiting: readonly Waiting<unknown>[]): number {
  return waiting.reduce((work, { isWork }) => isWork ? work + 1 : work, 0);
}

function workInLane(parties: Lane<unknown>): number {
  let work = 0;
  for (const waiting of parties.values()) work += workIn(waiting);
  return work;
}

function longestOf<T>(parties: Lane<T>): Waiting<T>[] {
  let longest: Waiting<T>[] = [];
  for (const waiting of parties.values()) {
    if (workIn(waiting) > workIn(longest)) longest = waiting;
  }
  return longest;
}

function dropNewest<T>(waiting: Waiting<T>[]): T | null {
  const at = waiting.findLastIndex(({ isWork }) => isWork);
  return waiting.splice(at, 1)[0]?.entry ?? null;
}
