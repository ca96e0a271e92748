import type { Buffer } from "node:buffer";
import { type Client, errors, policies, types } from "cassandra-driver";
import type { Failure } from "../../../base/failure.ts";
import { isPassing } from "../../../base/retry.ts";
import { cassandraFailure, isRefusedRow, writeFailure } from "../errors.ts";
import { EncodedRequest, sendEncoded } from "./encoded_request.ts";
import { AdaptiveWindow } from "./window.ts";

/** Maximum bytes that wait to be sent. */
const QUEUE_BYTES = 1 << 20;
/** Milliseconds after which a load whose table was changed fails. The driver may still be preparing. */
const CHANGED_MS = 2_000;
/**
 * Milliseconds without any answer after which a request counts as lost. Longer than the driver's own
 * limits for all nodes together: it has lost requests that met a dropped table.
 */
const ANSWER_MS = 60_000;

/**
 * Tries another node if one cannot be reached. All other errors are left to the queue: an overloaded
 * cluster needs a pause, not the next request.
 */
class NextNodeRetryPolicy extends policies.retry.RetryPolicy {
  override onRequestError(
    _info: unknown,
    consistency: types.consistencies,
    error: Error,
  ): policies.retry.DecisionInfo {
    return error instanceof errors.ResponseError
      ? this.rethrowResult()
      : this.retryResult(consistency, false);
  }

  override onUnavailable(): policies.retry.DecisionInfo {
    return this.rethrowResult();
  }

  override onWriteTimeout(): policies.retry.DecisionInfo {
    return this.rethrowResult();
  }
}

const retry = new NextNodeRetryPolicy();

/** A frame to send. */
export interface QueuedRequest {
  frame: Uint8Array;
  table: string;
  /** Selects a node that has its rows; null if all nodes have them. */
  routingKey: Buffer | null;
  /** Called when the rows are acknowledged. */
  stored(): void;
  /** The same rows in requests of one row each. */
  rows(): QueuedRequest[];
  /** Adds the first row's key to a refusal. */
  named(refusal: Failure): Failure;
}

interface QueueOptions {
  client: Client;
  keyspace: string;
  /** Milliseconds without an acknowledgement after which the queue fails. */
  silenceMs: number;
  /** Milliseconds without any answer after which a request counts as lost. @default 60,000 */
  answerMs?: number;
  /** @default sendEncoded */
  send?: typeof sendEncoded;
}

/** Sends requests as fast as the cluster accepts them, and repeats each until it is acknowledged. */
export class RequestQueue {
  readonly #options: QueueOptions;
  readonly #window = new AdaptiveWindow(() => performance.now());
  #waiting: QueuedRequest[] = [];
  #next = 0;
  #bytes = 0;
  #lastSuccess = performance.now();
  #isClosed = false;
  #failure: Failure | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Resolved at every change; waiting calls then check their condition again. */
  #changed = Promise.withResolvers<void>();

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Why the queue has stopped; null while it works. */
  get failure(): Failure | null {
    return this.#failure;
  }

  push(request: QueuedRequest): void {
    // The idle time before it does not count as silence.
    if (this.#isIdle) this.#lastSuccess = performance.now();
    this.#waiting.push(request);
    this.#bytes += request.frame.length;
    this.#pump();
  }

  /** Waits until the queue has room. @throws {Failure} */
  room(): Promise<void> {
    return this.#until(() => this.#bytes < QUEUE_BYTES);
  }

  /** Waits until all requests are acknowledged. @throws {Failure} */
  drained(): Promise<void> {
    return this.#until(() => this.#isIdle);
  }

  /** Drops the requests that wait, and waits for the answers to those that were sent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#drop();
    while (this.#window.inFlight > 0 && await this.#answered());
  }

  get #isIdle(): boolean {
    return this.#bytes === 0 && this.#window.inFlight === 0;
  }

  async #until(condition: () => boolean): Promise<void> {
    while (this.#failure === null && !condition()) {
      if (!await this.#answered() && this.#window.inFlight > 0) this.#fail(this.#noAnswer());
    }
    if (this.#failure !== null) throw this.#failure;
  }

  /** Waits for the next change. @returns false if none came in time */
  async #answered(): Promise<boolean> {
    const late = Promise.withResolvers<false>();
    const timer = setTimeout(() => late.resolve(false), this.#options.answerMs ?? ANSWER_MS);
    try {
      return await Promise.race([this.#changed.promise.then(() => true), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #noAnswer(): Failure {
    return cassandraFailure(
      new errors.OperationTimedOutError("The driver did not answer"),
      "Cannot write rows",
    );
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
    const { client, keyspace, send = sendEncoded } = this.#options;
    const start = performance.now();
    this.#window.sent(frame.length);
    send(client, new EncodedRequest(frame), {
      retry,
      ...(routingKey && { keyspace, routingKey }),
    }).then(
      () => this.#stored(request, performance.now() - start),
      (error) => this.#failed(request, error),
    ).finally(() => {
      if (this.#failure === null && !this.#isClosed) this.#pump();
      this.#notify();
    });
  }

  #stored(request: QueuedRequest, ms: number): void {
    this.#window.acknowledged(request.frame.length, ms);
    this.#lastSuccess = performance.now();
    request.stored();
  }

  #failed(request: QueuedRequest, error: unknown): void {
    const failure = writeFailure(error, request.table, this.#options.keyspace);
    // A node that cannot read its roles refuses a valid password, so this is retried as well.
    const passing = isPassing(failure) || error instanceof errors.NoHostAvailableError;
    if (passing) this.#window.pushedBack(request.frame.length);
    else this.#window.ended(request.frame.length);
    if (this.#isClosed || this.#failure !== null) return;
    if (isRefusedRow(failure)) return this.#refused(request, failure);
    const silence = performance.now() - this.#lastSuccess;
    const longest = failure.code === "table-changed" ? CHANGED_MS : this.#options.silenceMs;
    if (!passing || silence > longest) return this.#fail(failure);
    this.#again(request);
  }

  /** Sends each row by itself: the cluster may refuse only their sum, or the refused row can be named. */
  #refused(request: QueuedRequest, failure: Failure): void {
    const rows = request.rows();
    if (rows.length === 1) return this.#fail(request.named(failure));
    rows.forEach((row) => this.#again(row));
  }

  #again(request: QueuedRequest): void {
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
    this.#notify();
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
