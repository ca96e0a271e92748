import type { Buffer } from "node:buffer";
import type { Client } from "cassandra-driver";
import type { Failure } from "../../../base/failure.ts";
import { EncodedRequest, sendEncoded } from "./encoded_request.ts";
import { isPassing, NextNodeRetryPolicy, writeFailure } from "./faults.ts";
import { AdaptiveWindow } from "./window.ts";

/** Encoded bytes that may wait; more than a batch of the sandbox, so that nobody waits for the other. */
const QUEUE_BYTES = 1 << 20;
const retry = new NextNodeRetryPolicy();

/** A frame on its way, and whom to tell when it is stored. */
export interface QueuedRequest {
  frame: Uint8Array;
  table: string;
  /** Leads to a node that has its rows; null where every node has them. */
  routingKey: Buffer | null;
  stored(): void;
}

export interface QueueOptions {
  client: Client;
  keyspace: string;
  /** Milliseconds without one success after which the queue fails. */
  patienceMs: number;
  /** @default performance.now */
  now?: () => number;
}

/** Sends requests as fast as the cluster takes them, each until it is acknowledged. */
export class RequestQueue {
  readonly #client: Client;
  readonly #patienceMs: number;
  readonly #keyspace: string;
  readonly #now: () => number;
  readonly #window: AdaptiveWindow;
  #waiting: QueuedRequest[] = [];
  #next = 0;
  #bytes = 0;
  #lastSuccess: number;
  #isClosed = false;
  #failure: Failure | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Resolved at every change; those who wait look again. */
  #changed = Promise.withResolvers<void>();

  constructor({ client, keyspace, patienceMs, now = () => performance.now() }: QueueOptions) {
    this.#client = client;
    this.#patienceMs = patienceMs;
    this.#keyspace = keyspace;
    this.#now = now;
    this.#window = new AdaptiveWindow(now);
    this.#lastSuccess = now();
  }

  /** Why nothing is sent any more. */
  get failure(): Failure | null {
    return this.#failure;
  }

  push(request: QueuedRequest): void {
    // An idle time before it is no time without success.
    if (this.#isIdle) this.#lastSuccess = this.#now();
    this.#waiting.push(request);
    this.#bytes += request.frame.length;
    this.#pump();
  }

  /** Waits until there is room for more. @throws {Failure} */
  room(): Promise<void> {
    return this.#until(() => this.#bytes < QUEUE_BYTES);
  }

  /** Waits until all of it is stored. @throws {Failure} */
  drained(): Promise<void> {
    return this.#until(() => this.#isIdle);
  }

  /** Drops what was not sent and waits for the answers to what was. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#drop();
    while (this.#window.inFlight > 0) await this.#changed.promise;
  }

  get #isIdle(): boolean {
    return this.#bytes === 0 && this.#window.inFlight === 0;
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (this.#failure === null && !isSo()) await this.#changed.promise;
    if (this.#failure !== null) throw this.#failure;
  }

  #pump(): void {
    while (this.#next < this.#waiting.length) {
      const request = this.#waiting[this.#next]!;
      if (!this.#window.admits(request.frame.length)) break;
      this.#next++;
      this.#bytes -= request.frame.length;
      this.#send(request);
    }
    if (this.#next > 1_000 || this.#next === this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    const { pauseMs } = this.#window;
    if (pauseMs === 0 || this.#timer !== undefined || this.#waiting.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pump();
    }, pauseMs);
  }

  #send(request: QueuedRequest): void {
    const { frame, routingKey } = request;
    const begun = this.#now();
    this.#window.sent(frame.length);
    sendEncoded(this.#client, new EncodedRequest(frame), {
      retry,
      ...(routingKey && { keyspace: this.#keyspace, routingKey }),
    }).then(
      () => this.#stored(request, this.#now() - begun),
      (thrown) => this.#cameBack(request, thrown),
    ).finally(() => {
      if (this.#failure === null && !this.#isClosed) this.#pump();
      this.#tellChange();
    });
  }

  #stored(request: QueuedRequest, ms: number): void {
    this.#window.acknowledged(request.frame.length, ms);
    this.#lastSuccess = this.#now();
    request.stored();
  }

  #cameBack(request: QueuedRequest, thrown: unknown): void {
    const failure = writeFailure(thrown, request.table);
    const passing = isPassing(thrown);
    if (passing) this.#window.pushedBack(request.frame.length);
    else this.#window.dropped(request.frame.length);
    if (this.#isClosed || this.#failure !== null) return;
    const silence = this.#now() - this.#lastSuccess;
    if (!passing || silence > this.#patienceMs) return this.#fail(failure);
    this.#waiting.push(request);
    this.#bytes += request.frame.length;
  }

  #fail(failure: Failure): void {
    this.#failure = failure;
    this.#drop();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
    this.#next = 0;
    this.#bytes = 0;
    this.#tellChange();
  }

  #tellChange(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
