import { Failure } from "../base/failure.ts";
import type { HashReply, HashRequest } from "./hash_worker.ts";

interface HashPoolOptions {
  /** Maximum number of workers; each uses about 40 MB. @default 2, or 1 on a single core */
  workers?: number;
  /** Maximum number of waiting jobs; further ones are refused. @default 64 */
  maxQueued?: number;
  /** An idle worker ends after this time. @default 30_000 */
  idleMs?: number;
}

interface Job {
  request: HashRequest;
  resolve(value: boolean | string): void;
  reject(error: Error): void;
}

interface Slot {
  worker: Worker;
  job: Job | null;
  idleTimer: ReturnType<typeof setTimeout> | undefined;
}

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
  readonly #maxQueued: number;
  readonly #idleMs: number;
  readonly #slots = new Set<Slot>();
  readonly #queue: Job[] = [];
  #closed = false;

  constructor(options: HashPoolOptions = {}) {
    this.#size = options.workers ?? Math.min(2, navigator.hardwareConcurrency);
    this.#maxQueued = options.maxQueued ?? 64;
    this.#idleMs = options.idleMs ?? 30_000;
  }

  /**
   * Compares a password with a stored hash.
   *
   * @param decoys stored hashes to compute as well when the password is wrong
   * @throws {Failure} `too-busy` when the queue is full, `hash-failed`, `hash-closed`
   */
  async verify(password: string, stored: string, decoys: readonly string[] = []): Promise<boolean> {
    return await this.#run({ op: "verify", password, stored, decoys }) === true;
  }

  /**
   * Hashes a new password with argon2id.
   *
   * @throws {Failure} `bad-password`, `too-busy`, `hash-failed`, `hash-closed`
   */
  async hash(password: string): Promise<string> {
    return String(await this.#run({ op: "hash", password }));
  }

  /** Stops the workers; waiting jobs fail with `hash-closed`. */
  close(): void {
    this.#closed = true;
    for (const slot of this.#slots) this.#end(slot, closedFailure());
    for (const job of this.#queue.splice(0)) job.reject(closedFailure());
  }

  #run(request: HashRequest): Promise<boolean | string> {
    if (this.#closed) return Promise.reject(closedFailure());
    if (this.#queue.length >= this.#maxQueued) return Promise.reject(busyFailure(this.#maxQueued));
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, resolve, reject });
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#queue.length > 0) {
      const slot = this.#freeSlot();
      const job = slot && this.#queue.shift();
      if (!slot || !job) return;
      clearTimeout(slot.idleTimer);
      slot.job = job;
      slot.worker.postMessage(job.request);
    }
  }

  #freeSlot(): Slot | null {
    for (const slot of this.#slots) if (!slot.job) return slot;
    return this.#slots.size < this.#size ? this.#start() : null;
  }

  #start(): Slot {
    const worker = new Worker(new URL("./hash_worker.ts", import.meta.url), { type: "module" });
    const slot: Slot = { worker, job: null, idleTimer: undefined };
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
}

function busyFailure(waiting: number): Failure {
  const text = `Cannot verify a password: ${waiting} other logins are waiting`;
  return new Failure("server", "too-busy", text, { hint: "Try again in a moment." });
}

function closedFailure(): Failure {
  return new Failure("internal", "hash-closed", "Cannot verify a password: the server is stopping");
}

function failed(message: string, code = "hash-failed"): Failure {
  const kind = code === "bad-password" ? "usage" : "internal";
  return new Failure(kind, code, kind === "usage" ? message : `Cannot hash a password: ${message}`);
}
