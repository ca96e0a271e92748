const LOOK_MS = 200;
const QUIET_LOOKS = 5;

/** The end of the wait for a process's pipes. */
export interface PipesEnd {
  /** Aborted when they need not be waited for any more. */
  signal: AbortSignal;
  /** Looks no more. */
  stop(): void;
}

/**
 * Finds out when a process's pipes are held open by what it has left behind: it has ended, and for a
 * second nothing has come though it was waited for. All that it had written itself comes at once.
 *
 * @param ended resolves when the process has ended
 * @param progress a number that changes with all that comes; null while nobody waits for more
 */
export function endOfPipes(ended: Promise<unknown>, progress: () => number | null): PipesEnd {
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
      if (quiet >= QUIET_LOOKS) abort.abort();
    }, LOOK_MS);
  });
  return {
    signal: abort.signal,
    stop: () => {
      stopped = true;
      clearInterval(timer);
    },
  };
}

/** The end of what a stream says, of so many characters; what came until the signal if that is earlier. */
export async function lastText(
  stream: ReadableStream<Uint8Array>,
  most: number,
  signal: AbortSignal,
): Promise<string> {
  const reader = stream.getReader();
  const giveUp = () => void reader.cancel();
  signal.addEventListener("abort", giveUp, { once: true });
  const decoder = new TextDecoder();
  let text = "";
  for (let part; !(part = await reader.read()).done;) {
    text = (text + decoder.decode(part.value, { stream: true })).slice(-most);
  }
  signal.removeEventListener("abort", giveUp);
  return text;
}
