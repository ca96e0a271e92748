import { formatCount } from "../../base/count.ts";
import type { FileView, Waiting } from "../../protocol/file_view.ts";
import { waitingText } from "../../protocol/waiting_text.ts";
import { formatClockTime } from "../terminal/text.ts";

type State = Waiting["code"] | "loading";

/** Completes "3 files: 2 …". */
const WORDS: Record<State, string> = {
  loading: "loading",
  queue: "in the queue",
  module: "until a module is approved",
  retry: "until the next attempt",
  service: "until manage runs",
  disk: "until the platform's disk has room",
  storage: "until the platform's database answers",
};
/** What ends by itself needs no line in a log before it has lasted for a while. */
const USUAL = new Set<State>(["loading", "queue"]);
/** What each file waits for in its own way. */
const PASSING = new Set<State>([...USUAL, "retry"]);
/** Milliseconds. */
const QUIET_MS = 10_000;

/** The files that were sent and are not loaded yet, and what they are waiting for. */
export class WaitingFiles {
  readonly #files = new Map<string, FileView | null>();
  #told = { text: "", states: "", at: -Infinity };

  /** @param file null if nothing is known of it yet */
  set(name: string, file: FileView | null): void {
    this.#files.set(name, file);
  }

  /** @returns whether the file was one of them */
  delete(name: string): boolean {
    return this.#files.delete(name);
  }

  /** One line about all of them; null if there are none. */
  text(): string | null {
    const [first] = this.#files;
    if (first === undefined) return null;
    if (this.#files.size === 1) return `waiting for ${first[0]}: ${textOf(first[1])}`;
    const counts = Map.groupBy(this.#files.values(), stateOf);
    const files = formatCount(this.#files.size, "file");
    if (counts.size === 1 && !PASSING.has(stateOf(first[1]))) {
      return `waiting for ${files}: ${textOf(first[1])}`;
    }
    const parts = Object.entries(WORDS).flatMap(([state, words]) => {
      const found = counts.get(state as State)?.length ?? 0;
      return found === 0 ? [] : [found === this.#files.size ? words : `${found} ${words}`];
    });
    return `waiting for ${files}: ${parts.join(", ")}`;
  }

  /**
   * Returns the line if it has news for a log: at once when a file waits for something unusual, and
   * otherwise not more often than every 10 seconds.
   *
   * @param waited milliseconds since the file was sent
   * @param now milliseconds of a monotonic clock
   */
  news(waited: number, now: number): string | null {
    const text = this.text();
    const found = [...new Set([...this.#files.values()].map(stateOf))].sort();
    const states = found.join(" ");
    const isUsual = found.every((state) => USUAL.has(state));
    const isNew = states !== this.#told.states && !isUsual;
    const isDue = waited >= QUIET_MS && now - this.#told.at >= QUIET_MS;
    if (text === null || text === this.#told.text || !(isNew || isDue)) return null;
    this.#told = { text, states, at: now };
    return text;
  }
}

function stateOf(file: FileView | null): State {
  return file?.waitingFor?.code ?? (file?.state === "running" ? "loading" : "queue");
}

function textOf(file: FileView | null): string {
  return file === null ? "in the queue" : waitingText(file, formatClockTime);
}
