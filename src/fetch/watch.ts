import { Failure } from "../base/failure.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { FetchSummary } from "./events.ts";
import { retry, type RetryPolicy } from "../base/retry.ts";
import { type RunOptions, Sender } from "./run.ts";
import { AtRest } from "./at_rest.ts";
import { scanDirectory } from "./scan.ts";
import { WatchHint } from "./watch_hint.ts";

export interface WatchOptions extends RunOptions {
  /** Milliseconds between scans. @default 2000 */
  interval?: number;
  /** Milliseconds for which a file must not change before it is sent. @default 30000 */
  rest?: number;
}

export const DEFAULT_INTERVAL = 2000;
export const DEFAULT_REST = 30_000;
const WATCH_RETRIES: RetryPolicy = { attempts: Infinity };

/**
 * Sends the files of a directory, also those that arrive, until the signal is aborted. A file is sent
 * when it is complete, see {@link AtRest}; the files of a scan are one batch. Failures of the network
 * are retried without limit.
 *
 * @throws {Failure} if the directory cannot be read at the start, or the login fails
 */
export async function watchDirectory(options: WatchOptions): Promise<FetchSummary> {
  const { dir, signal, emit, client, clock = systemClock } = options;
  const { interval = DEFAULT_INTERVAL, rest = DEFAULT_REST } = options;
  const retries = options.retries ?? WATCH_RETRIES;
  const sender = new Sender({ ...options, retries, clock });
  const files = new AtRest({ rest, settle: Math.min(rest, interval / 2) });
  const hint = new WatchHint(dir);
  let renamed = hint.renamed();
  let entries = await scanDirectory(dir);
  let started = false;
  let isResting = false;
  try {
    // At once, so that a wrong password is reported before the first file arrives.
    await retried(() => client.constraints(signal));
    started = true;
    while (!signal.aborted) {
      const look = files.add(entries, renamed, clock.monotonic());
      const { ready, resting } = look;
      if (ready.length > 0) {
        const constraints = await retried(() => client.constraints(signal));
        // If no file is allowed in a batch, waiting for the next batch is pointless.
        const later = constraints.number_files > 0 ? files.notDone : undefined;
        await sender.send(ready, constraints, later);
        if (sender.end?.kind === "auth") break;
      }
      emit({ type: "watching", dir });
      if (resting.length > 0 && !isResting) {
        emit({ type: "resting", names: resting, seconds: rest / 1000 });
      }
      isResting = resting.length > 0;
      await pause(clock, Math.min(interval, look.nextIn), hint, signal);
      // Before the scan: a rename that is noticed during it counts for the next one.
      renamed = hint.renamed();
      entries = await retried(() => scanDirectory(dir));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    hint.close();
  }
  await sender.followed();
  return sender.summary();

  function retried<T>(task: () => Promise<T>): Promise<T> {
    const work = () =>
      task().catch((error) => {
        throw started ? passing(error) : error;
      });
    const onWait = (failure: Failure, seconds: number) =>
      emit({ type: "retrying", name: null, failure, seconds });
    return retry(work, { ...retries, clock, signal, onWait });
  }
}

/** Makes a failure passing if it may end: a network drive, a server behind a proxy. */
function passing(error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  const { kind, code, message, hint, details } = error;
  if (kind !== "server" && kind !== "storage" && code !== "directory-unreadable") return error;
  return new Failure(kind, code, message, { hint, details: { ...details, passing: true } });
}

/** A hint ends the pause early, but not so early that two scans could not show a change. */
async function pause(
  clock: Clock,
  interval: number,
  hint: WatchHint,
  signal: AbortSignal,
): Promise<void> {
  const wake = new AbortController();
  const stop = AbortSignal.any([signal, wake.signal]);
  await clock.sleep(interval / 2, signal);
  await Promise.race([clock.sleep(interval / 2, stop).catch(() => {}), hint.next()]);
  wake.abort();
  signal.throwIfAborted();
}
