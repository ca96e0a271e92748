const CHECK_MS = 200;
const MAX_QUIET_CHECKS = 5;

export interface IdlePipes {
  /** Aborted when reading the pipes can stop. */
  signal: AbortSignal;
  /** Stops watching. */
  stop(): void;
}

/**
 * Detects that an ended process's pipes stay open only because a process that it left behind has
 * them: nothing has arrived for a second although somebody was reading. What the process itself
 * wrote arrives at once.
 *
 * @param ended resolves when the process has ended
 * @param progress a number that changes when something arrives; null while nobody is reading
 */
export function watchForIdlePipes(
  ended: Promise<unknown>,
  progress: () => number | null,
): IdlePipes {
  const abort = new AbortController();
  let timer: ReturnType<typeof setInterval> | undefined;
  let stopped = false;
  let seen: number | null = null;
  let quiet = 0;
  ended.then(() => {
    if (stopped) return;
    timer = setInterval(() => {
      const now = progress();
      quiet = now !== null && now === seen ? quiet + 1 : 0;
      seen = now;
      if (quiet >= MAX_QUIET_CHECKS) abort.abort();
    }, CHECK_MS);
  });
  return {
    signal: abort.signal,
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
}

/** The last characters of a stream, read to its end or until the signal. */
export async function lastCharacters(
  stream: ReadableStream<Uint8Array>,
  maxChars: number,
  signal: AbortSignal,
): Promise<string> {
  const reader = stream.getReader();
  const giveUp = () => void reader.cancel();
  signal.addEventListener("abort", giveUp, { once: true });
  const decoder = new TextDecoder();
  let text = "";
  for (let part; !(part = await reader.read()).done;) {
    text = (text + decoder.decode(part.value, { stream: true })).slice(-maxChars);
  }
  signal.removeEventListener("abort", giveUp);
  return text;
}
