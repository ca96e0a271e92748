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

interface Party<T> {
  waiting: Waiting<T>[];
  work: number;
}

/**
 * A queue in which lanes take turns, and within a lane its parties: the newest of those that have had
 * no turn yet, the oldest of them, and those that have had one. So a crowd that has come before does
 * not make a newcomer wait for all of it, and nobody waits for ever. When a lane is full, the party
 * with the most work loses some, not the party that has just arrived. Entries that are no work are
 * not counted; the caller limits them.
 *
 * @example
 * ```ts
 * import { FairQueue } from "./fair_queue.ts";
 * const queue = new FairQueue<string>({ maxPerParty: 8, maxPerLane: 64 });
 * for (const job of ["a1", "a2"]) queue.push("tenant", "192.0.2.1", job);
 * queue.push("tenant", "192.0.2.2", "b1");
 * [queue.shift(), queue.shift(), queue.shift()]; // ["b1", "a1", "a2"]
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
    const target = this.#lanes.get(lane) ?? new Lane<T>();
    const work = target.workOf(party);
    let refused: T | null = null;
    if (isWork && work >= this.#options.maxPerParty) return entry;
    if (isWork && target.work >= this.#options.maxPerLane) {
      refused = target.dropFromLongest(work + 1);
      if (refused === null) return entry;
    }
    target.push(party, entry, isWork);
    this.#lanes.set(lane, target);
    return refused;
  }

  /** Takes the next entry; undefined when the queue is empty. */
  shift(): T | undefined {
    for (const [name, lane] of this.#lanes) {
      const next = lane.shift();
      // Whose turn it was is now the last. What is no work costs no turn.
      if (next?.isWork) this.#lanes.delete(name);
      if (lane.isEmpty) this.#lanes.delete(name);
      else this.#lanes.set(name, lane);
      return next?.entry;
    }
    return undefined;
  }

  /** How much work is waiting. */
  get work(): number {
    return [...this.#lanes.values()].reduce((sum, { work }) => sum + work, 0);
  }
}

class Lane<T> {
  readonly #parties = new Map<string, Party<T>>();
  /** Parties that have had no turn yet, and those that have, the oldest first. */
  readonly #fresh: string[] = [];
  readonly #served: string[] = [];
  #turn = 0;
  work = 0;

  get isEmpty(): boolean {
    return this.#parties.size === 0;
  }

  workOf(name: string): number {
    return this.#parties.get(name)?.work ?? 0;
  }

  push(name: string, entry: T, isWork: boolean): void {
    const party = this.#parties.get(name) ?? { waiting: [], work: 0 };
    if (party.waiting.length === 0) this.#fresh.push(name);
    party.waiting.push({ entry, isWork });
    this.#parties.set(name, party);
    this.#count(party, isWork, 1);
  }

  shift(): Waiting<T> | undefined {
    const name = this.#next() ?? "";
    const party = this.#parties.get(name);
    const next = party?.waiting.shift();
    if (!party || !next) return undefined;
    this.#count(party, next.isWork, -1);
    if (party.waiting.length > 0) this.#served.push(name);
    else this.#parties.delete(name);
    return next;
  }

  /** @returns null unless a party has more than this much work */
  dropFromLongest(work: number): T | null {
    let longest: Party<T> = { waiting: [], work };
    for (const party of this.#parties.values()) if (party.work > longest.work) longest = party;
    const at = longest.waiting.findLastIndex(({ isWork }) => isWork);
    if (at < 0) return null;
    this.#count(longest, true, -1);
    return longest.waiting.splice(at, 1)[0]?.entry ?? null;
  }

  #next(): string | undefined {
    const takers = [
      () => this.#fresh.pop(),
      () => this.#fresh.shift(),
      () => this.#served.shift(),
    ];
    for (let i = 0; i < takers.length; i++) {
      const name = takers[this.#turn++ % takers.length]?.();
      if (name !== undefined) return name;
    }
    return undefined;
  }

  #count(party: Party<T>, isWork: boolean, change: number): void {
    if (!isWork) return;
    party.work += change;
    this.work += change;
  }
}
