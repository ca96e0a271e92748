import { Failure } from "../base/failure.ts";
import { FairQueue } from "./fair_queue.ts";
import type { HashReply, HashRequest } from "./hash_worker.ts";

interface HashPoolOptions {
  /** Maximum number of workers; each uses about 40 MB. @default half of the cores, 1 to 4 */
  workers?: number;
  /** Maximum number of waiting jobs of one party; further ones are refused. @default 64 */
  maxPerParty?: number;
  /** Maximum number of waiting jobs in a lane. @default 96 */
  maxPerLane?: number;
  /** An idle worker ends after this time. @default 30_000 */
  idleMs?: number;
}

/** Who waits for a job: lanes take turns, and within a lane its parties. */
export interface Turn {
  lane: string;
  party: string;
}

interface Job {
  /** Null: nothing is computed, the job only waits for its turn. */
  request: HashRequest | null;
  resolve(value: boolean | string): void;
  reject(error: Error): void;
}

interface Slot {
  worker: Worker;
  job: Job | null;
  /** When the job began. */
  startedAt: number;
  idleTimer: ReturnType<typeof setTimeout> | undefined;
}

const OTHERS: Turn = { lane: "others", party: "" };
/** How much the duration of the last job counts in the usual one. */
const WEIGHT = 0.2;

/**
 * Hashes passwords off the main thread. Workers start with the first job and end when idle or
 * closed. At most `workers` hashes, of 19 MiB each, are computed at a time.
 *
 * @example
 * ```ts
 * import { HashPool } from "./hash_pool.ts";
 * const pool = new HashPool();
 * await pool.verify("password-1", await pool.hash("password-1")); // true
 * pool.close();
 * ```
 */
export class HashPool {
  readonly #size: number;
  readonly #idleMs: number;
  readonly #slots = new Set<Slot>();
  readonly #queue: FairQueue<Job>;
  #usualMs = 100;
  #closed = false;

  constructor(options: HashPoolOptions = {}) {
    // The other half of the cores serves those who are signed in.
    const half = Math.floor(navigator.hardwareConcurrency / 2);
    this.#size = options.workers ?? Math.max(1, Math.min(4, half));
    const { maxPerParty = 64, maxPerLane = 96 } = options;
    this.#queue = new FairQueue({ maxPerParty, maxPerLane });
    this.#idleMs = options.idleMs ?? 30_000;
  }

  /**
   * Compares a password with a stored hash.
   *
   * @param decoys stored hashes to compute as well when the password is wrong
   * @throws {Failure} `too-busy` when the queue is full, with `details.retryAfterSeconds`;
   * `hash-failed`, `hash-closed`
   */
  async verify(
    password: string,
    stored: string,
    decoys: readonly string[] = [],
    turn: Turn = OTHERS,
  ): Promise<boolean> {
    return await this.#run({ op: "verify", password, stored, decoys }, turn) === true;
  }

  /**
   * Hashes a new password with argon2id.
   *
   * @throws {Failure} `bad-password`, `too-busy`, `hash-failed`, `hash-closed`
   */
  async hash(password: string): Promise<string> {
    return String(await this.#run({ op: "hash", password }, OTHERS));
  }

  /**
   * Waits for a turn like any other job, but computes nothing.
   *
   * @returns how many milliseconds a job usually takes
   * @throws {Failure} `hash-closed`
   */
  async pretend(turn: Turn): Promise<number> {
    await this.#run(null, turn);
    return this.#usualMs;
  }

  /** Stops the workers; waiting jobs fail with `hash-closed`. */
  close(): void {
    this.#closed = true;
    for (const slot of this.#slots) this.#end(slot, closedFailure());
    for (let job = this.#queue.shift(); job; job = this.#queue.shift()) job.reject(closedFailure());
  }

  #run(request: HashRequest | null, { lane, party }: Turn): Promise<boolean | string> {
    if (this.#closed) return Promise.reject(closedFailure());
    return new Promise((resolve, reject) => {
      const refused = this.#queue.push(lane, party, { request, resolve, reject }, request !== null);
      refused?.reject(this.#busyFailure());
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#hasFreeSlot()) {
      const job = this.#queue.shift();
      if (!job) return;
      if (job.request === null) {
        job.resolve(true);
        continue;
      }
      const slot = this.#freeSlot();
      clearTimeout(slot.idleTimer);
      slot.job = job;
      slot.startedAt = performance.now();
      slot.worker.postMessage(job.request);
    }
  }

  #hasFreeSlot(): boolean {
    return this.#slots.size < this.#size || [...this.#slots].some((slot) => !slot.job);
  }

  #freeSlot(): Slot {
    for (const slot of this.#slots) if (!slot.job) return slot;
    return this.#start();
  }

  #start(): Slot {
    const worker = new Worker(new URL("./hash_worker.ts", import.meta.url), { type: "module" });
    const slot: Slot = { worker, job: null, startedAt: 0, idleTimer: undefined };
    worker.onmessage = (event: MessageEvent<HashReply>) => this.#finish(slot, event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end(slot, failed(event.message));
      this.#pump();
    };
    this.#slots.add(slot);
    return slot;
  }

  #finish(slot: Slot, reply: HashReply): void {
    const job = slot.job;
    slot.job = null;
    this.#usualMs += WEIGHT * (performance.now() - slot.startedAt - this.#usualMs);
    if (reply.ok) job?.resolve(reply.value);
    else job?.reject(failed(reply.message, reply.code));
    this.#pump();
    if (slot.job || this.#closed) return;
    const timer = setTimeout(() => this.#end(slot, closedFailure()), this.#idleMs);
    Deno.unrefTimer(timer);
    slot.idleTimer = timer;
  }

  #end(slot: Slot, reason: Failure): void {
    clearTimeout(slot.idleTimer);
    this.#slots.delete(slot);
    slot.worker.terminate();
    slot.job?.reject(reason);
    slot.job = null;
  }

  #busyFailure(): Failure {
    const waiting = this.#queue.work;
    const retryAfterSeconds = Math.ceil(waiting * this.#usualMs / this.#size / 1000);
    const text = `Cannot verify a password: ${waiting} other logins are waiting`;
    const hint = `Try again in ${retryAfterSeconds} seconds.`;
    return new Failure("server", "too-busy", text, { hint, details: { retryAfterSeconds } });
  }
}

function closedFailure(): Failure {
  return new Failure("internal", "hash-closed", "Cannot verify a password: the server is stopping");
}

function failed(message: string, code = "hash-failed"): Failure {
  const kind = code === "bad-password" ? "usage" : "internal";
  return new Failure(kind, code, kind === "usage" ? message : `Cannot hash a password: ${message}`);
}
