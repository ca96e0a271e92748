import assert from "node:assert/strict";
import type { Answer, Order } from "./awake_worker.ts";

/** 99 of 100 requests of `/livez` are answered within this time. */
const LIVEZ_MS = 250;
/** An upload of another customer takes at most this multiple of its time without an attack. */
const UPLOAD_TIMES = 3;
/** Seconds of measuring without an attack. */
const QUIET_SECONDS = 3;
/** A machine that does something else at the moment must not fail the test; a frozen server does. */
const ATTEMPTS = 3;

/** What is measured while nobody attacks, and during the attack. */
export interface Measured {
  /** Milliseconds of `/livez` at the 99th percentile, and the longest. */
  livezMs: { p99: number; max: number };
  /** Milliseconds of an upload of 1 MB at the median. */
  uploadMs: number;
  requests: number;
  uploads: number;
}

interface Awake {
  /** The server that is attacked. */
  url: string;
  /** The value of `Authorization` of a customer who does not take part in the attack. */
  authorization: string;
  /** Attacks until `stop` aborts, or for some seconds. It is awaited. */
  attack(stop: AbortSignal): Promise<void>;
  /** Seconds of measuring during the attack; without it, as long as the attack runs. */
  seconds?: number;
  /** @default 3 */
  attempts?: number;
  /** The multiple of its time that an upload may take. @default 3 */
  uploadTimes?: number;
}

/**
 * Attacks `serve` and requires that it stays awake for everybody else. The measuring runs in a thread of
 * its own, so that it does not measure the attacker.
 *
 * @returns the figures, for the numbers in the documentation
 */
export async function staysAwake(options: Awake): Promise<{ quiet: Measured; attacked: Measured }> {
  for (let attempt = 1;; attempt++) {
    const result = await measureBoth(options);
    const fault = faultOf(result, options.uploadTimes ?? UPLOAD_TIMES);
    console.log(`  ${JSON.stringify(result)}`);
    if (fault === null) return result;
    if (attempt >= (options.attempts ?? ATTEMPTS)) assert.fail(fault);
  }
}

async function measureBoth({ attack, seconds, url, authorization }: Awake) {
  using observer = new Observer(url, authorization);
  const quiet = await observer.during(
    new Promise((done) => setTimeout(done, QUIET_SECONDS * 1000)),
  );
  const stop = new AbortController();
  const attacking = attack(stop.signal);
  const over = seconds === undefined
    ? attacking
    : new Promise<void>((done) => setTimeout(done, seconds * 1000));
  try {
    return { quiet, attacked: await observer.during(Promise.race([over, attacking])) };
  } finally {
    stop.abort();
    await attacking;
  }
}

function faultOf(
  { quiet, attacked }: { quiet: Measured; attacked: Measured },
  uploadTimes: number,
): string | null {
  const most = Math.max(LIVEZ_MS, 3 * quiet.livezMs.p99);
  if (attacked.livezMs.p99 > most) {
    return `/livez took ${attacked.livezMs.p99} ms at the 99th percentile; allowed: ${most} ms`;
  }
  if (attacked.uploadMs > uploadTimes * quiet.uploadMs) {
    return `an upload took ${attacked.uploadMs} ms, and ${quiet.uploadMs} ms without the attack`;
  }
  return null;
}

/** Requests `/livez` and uploads files, in a thread of its own. */
class Observer implements Disposable {
  readonly #worker = new Worker(new URL("./awake_worker.ts", import.meta.url), { type: "module" });

  constructor(readonly url: string, readonly authorization: string) {}

  /** Measures until `over` is settled. */
  async during(over: Promise<unknown>): Promise<Measured> {
    const answered = Promise.withResolvers<Answer>();
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => answered.resolve(data);
    this.#order({ measure: { url: this.url, authorization: this.authorization } });
    try {
      await over;
    } finally {
      this.#order({ stop: true });
    }
    const { livez, uploads, faults } = await answered.promise;
    assert.deepEqual(faults, [], "requests of the customer who is not part of the attack");
    return {
      livezMs: { p99: at(livez, 0.99), max: at(livez, 1) },
      uploadMs: at(uploads, 0.5),
      requests: livez.length,
      uploads: uploads.length,
    };
  }

  #order(order: Order): void {
    this.#worker.postMessage(order);
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

function at(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
}
