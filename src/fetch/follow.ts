import { Failure } from "../base/failure.ts";
import { type FileView, isFinal } from "../protocol/file_view.ts";
import type { ApiClient } from "./client.ts";
import type { Clock } from "../base/clock.ts";
import { waitingText } from "../protocol/waiting_text.ts";
import type { Emit } from "./events.ts";
import type { Gate } from "./gate.ts";
import { retry, type RetryPolicy } from "../base/retry.ts";

const FIRST_INTERVAL = 100;
const LONGEST_INTERVAL = 1000;

interface FollowOptions {
  client: ApiClient;
  clock: Clock;
  retries: RetryPolicy;
  emit: Emit;
  /** Limits the number of requests at once. */
  gate: Gate;
  signal: AbortSignal;
  /** Milliseconds after which a file is no longer followed; Infinity for no limit. */
  limit: number;
}

/**
 * Polls a file until its rows are stored, it has failed or the time limit is reached. Emits `waiting`,
 * then `ingested`, `quarantined`, `refused` or `unfinished`; `failed` if the server does not answer.
 */
export async function followFile(
  options: FollowOptions,
  sent: { name: string; size: number; id: string },
): Promise<void> {
  const { clock, emit } = options;
  const { name, size } = sent;
  const startedAt = clock.monotonic();
  const waited = () => (clock.monotonic() - startedAt) / 1000;
  let last: FileView | null = null;
  const tooLong = new AbortController();
  const over = new AbortController();
  limitWait(options, tooLong, over.signal);
  emit({ type: "waiting", name, size, file: null, seconds: 0 });
  try {
    const signal = AbortSignal.any([options.signal, tooLong.signal]);
    const file = await untilFinal({ ...options, signal }, sent, (file) => {
      last = file;
      emit({ type: "waiting", name, size, file, seconds: waited() });
    });
    const ended = { name, size, file, seconds: waited() };
    if (file.state === "refused") emit({ type: "refused", ...ended, failure: refusal(file) });
    else emit({ type: file.state === "ingested" ? "ingested" : "quarantined", ...ended });
  } catch (error) {
    if (tooLong.signal.aborted && !options.signal.aborted) {
      const failure = notInTime(name, waited(), last);
      emit({ type: "unfinished", name, size, failure, file: last, seconds: waited() });
    } else emit({ type: "failed", name, size, failure: notFollowed(name, error) });
  } finally {
    over.abort();
  }
}

/** Aborts the wait at its limit, also while the server does not answer. */
function limitWait(
  { clock, limit }: FollowOptions,
  tooLong: AbortController,
  over: AbortSignal,
): void {
  if (limit === Infinity) return;
  clock.sleep(limit, over).then(() => tooLong.abort(), () => {});
}

async function untilFinal(
  { client, clock, retries, emit, gate, signal }: FollowOptions,
  { name, id }: { name: string; id: string },
  onWait: (file: FileView) => void,
): Promise<FileView> {
  for (let interval = FIRST_INTERVAL;; interval = Math.min(interval * 1.5, LONGEST_INTERVAL)) {
    const file = await retry(() => gate.run(() => client.file(id, signal)), {
      ...retries,
      clock,
      signal,
      onWait: (failure, seconds) => emit({ type: "retrying", name, failure, seconds }),
    });
    if (isFinal(file.state)) return file;
    onWait(file);
    await clock.sleep(interval, signal);
  }
}

function refusal({ name, reason }: FileView): Failure {
  const { code, message } = reason ?? { code: "refused", message: `Cannot load "${name}"` };
  return new Failure("refused", code, message);
}

function notInTime(name: string, seconds: number, last: FileView | null): Failure {
  const state = last === null ? "its state is unknown" : waitingText(last);
  const text = `Cannot follow "${name}": not loaded within ${Math.round(seconds)} s (${state}); ` +
    "it stays on the platform";
  return new Failure("refused", "not-loaded-in-time", text, {
    hint: "Run the command again with --wait to follow it; it is not sent twice.",
  });
}

function notFollowed(name: string, error: unknown): Failure {
  const known = error instanceof Failure ? error : null;
  const state = known?.message ?? "its state is unknown";
  return new Failure(
    known?.kind ?? "internal",
    "not-followed",
    `Cannot follow "${name}": the file was sent, but ${state.charAt(0).toLowerCase()}${
      state.slice(1)
    }`,
    { hint: "Run the command again with --wait; the file is not sent twice.", cause: error },
  );
}
