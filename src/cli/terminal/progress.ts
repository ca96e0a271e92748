import type { Output } from "./io.ts";
import { fit, formatBytes, printable, widthOf } from "./text.ts";

interface Bar {
  name: string;
  size: number;
  offset: number;
  /** The offset at which this run started, for the speed. */
  from: number;
  startedAt: number;
}

interface ProgressOptions {
  color: boolean;
  /** Milliseconds. @default performance.now */
  now?: () => number;
}

/** Milliseconds between two redraws. */
const FRAME = 100;
/** More bars would scroll the lines above off a small screen. */
const MAX_BARS = 8;
const CYAN = "\u001b[36m";
const RESET = "\u001b[0m";

/**
 * A progress bar for each upload and one for the total, redrawn at the bottom of a terminal. All other
 * output goes through {@link ProgressBars.above}.
 */
export class ProgressBars {
  readonly #output: Output;
  readonly #color: boolean;
  readonly #now: () => number;
  readonly #bars = new Map<string, Bar>();
  #total = { size: 0, done: 0, sent: 0, startedAt: null as number | null };
  #waiting: string | null = null;
  #drawn = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(output: Output, { color, now = () => performance.now() }: ProgressOptions) {
    this.#output = output;
    this.#color = color;
    this.#now = now;
  }

  /** Adds to the total bytes; negative for a file that will not be sent. */
  expect(bytes: number): void {
    this.#total.size += bytes;
    this.#schedule();
  }

  /** Sets the progress of a file; the first call adds its bar. */
  update(name: string, size: number, offset: number): void {
    const now = this.#now();
    this.#total.startedAt ??= now;
    const bar = this.#bars.get(name) ?? { name, size, offset, from: offset, startedAt: now };
    bar.offset = offset;
    this.#bars.set(name, bar);
    this.#schedule();
  }

  /** Removes a file's bar; its bytes count as done. */
  finish(name: string, size: number): void {
    const bar = this.#bars.get(name);
    this.#total.sent += bar ? size - bar.from : size;
    this.#total.done += size;
    this.#bars.delete(name);
    this.#schedule();
  }

  /** Removes a file's bar, and its bytes from the total. */
  abandon(name: string, size: number): void {
    this.#bars.delete(name);
    this.expect(-size);
  }

  /** Sets the line about the files that are sent and not loaded yet; null for none. */
  wait(line: string | null): void {
    this.#waiting = line;
    this.#schedule();
  }

  /** Prints above the bars. */
  above(print: () => void): void {
    this.#clear();
    print();
    if (this.#timer === null) this.#draw();
  }

  /** Removes all bars. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#clear();
    this.#bars.clear();
    this.#waiting = null;
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#clear();
      this.#draw();
    }, FRAME);
  }

  #clear(): void {
    if (this.#drawn === 0) return;
    this.#output.write(`\r\u001b[${this.#drawn}A\u001b[J`);
    this.#drawn = 0;
  }

  #draw(): void {
    const bars = [...this.#bars.values()].slice(0, MAX_BARS);
    if (bars.length === 0 && this.#waiting === null) return;
    // The last column stays free: some terminals wrap when it is written.
    const columns = Math.max(10, this.#output.columns() - 1);
    const now = this.#now();
    const lines = bars.map((bar) => {
      const speed = speedOf(bar.offset - bar.from, now - bar.startedAt);
      return this.#line(printable(bar.name), bar.offset, bar.size, speed, columns);
    });
    if (bars.length > 0) lines.push(this.#totalLine(now, columns));
    if (this.#waiting !== null) lines.push(fit(printable(this.#waiting), columns).trimEnd());
    this.#output.write(lines.map((line) => `${line}\n`).join(""));
    this.#drawn = lines.length;
  }

  #totalLine(now: number, columns: number): string {
    const bars = [...this.#bars.values()];
    const offset = this.#total.done + bars.reduce((sum, bar) => sum + bar.offset, 0);
    const sent = this.#total.sent + bars.reduce((sum, bar) => sum + bar.offset - bar.from, 0);
    const speed = speedOf(sent, now - (this.#total.startedAt ?? now));
    return this.#line("total", offset, this.#total.size, speed, columns);
  }

  /** Name, bar, percentage, size, speed; a narrow terminal omits the size, then the speed, then the bar. */
  #line(name: string, offset: number, size: number, speed: string, columns: number): string {
    const share = size === 0 ? 0 : Math.min(1, offset / size);
    const percent = `${Math.floor(share * 100)}%`.padStart(4);
    const tail = columns >= 60
      ? `${percent}  ${formatBytes(size).padStart(8)}  ${speed.padStart(10)}`
      : columns >= 36
      ? `${percent} ${speed.padStart(10)}`
      : percent;
    const room = columns - widthOf(tail) - 2;
    const nameWidth = Math.min(32, Math.max(5, Math.floor(room * 0.55)));
    const barWidth = room - nameWidth;
    if (barWidth < 3) return `${fit(name, room + 1)} ${tail}`;
    const filled = Math.round(share * barWidth);
    const bar = "█".repeat(filled) + "░".repeat(barWidth - filled);
    return `${fit(name, nameWidth)} ${this.#color ? CYAN + bar + RESET : bar} ${tail}`;
  }
}

function speedOf(bytes: number, milliseconds: number): string {
  if (milliseconds < FRAME) return "";
  return `${formatBytes(Math.round(bytes / (milliseconds / 1000)))}/s`;
}
