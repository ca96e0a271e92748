import type { FetchEvent, FetchSummary } from "../../fetch/events.ts";
import type { Failure } from "../../base/failure.ts";
import {
  detailsOf,
  type FileLine,
  fileLine,
  type FinalEvent,
  type SummaryLine,
  summaryText,
} from "./lines.ts";
import { type CommandIo, mayColor } from "../terminal/io.ts";
import { ProgressBars } from "../terminal/progress.ts";
import {
  formatBytes,
  formatCount,
  formatSeconds,
  pad,
  printable,
  widthOf,
} from "../terminal/text.ts";

interface FetchOutputOptions {
  json: boolean;
  quiet: boolean;
  verbose: boolean;
  color: boolean;
  wait: boolean;
}

type Streams = Pick<CommandIo, "stdout" | "stderr" | "env">;

const COLORS: Record<FileLine["status"], string> = {
  sent: "\u001b[32m",
  ingested: "\u001b[32m",
  valid: "\u001b[32m",
  skipped: "\u001b[2m",
  refused: "\u001b[33m",
  quarantined: "\u001b[31m",
  failed: "\u001b[31m",
};
const RESET = "\u001b[0m";
const STATUS_WIDTH = 8;
/** Names longer than this do not push the column for all the others. */
const WIDEST_NAME = 40;
/** Columns of a line that are kept for what is not the name. */
const BESIDE_NAME = 32;
/** Seconds of waiting for rows after which a line says so where there are no bars. */
const PATIENCE = 10;
const PROBLEMS = new Set<FileLine["status"]>(["refused", "quarantined", "failed"]);

/**
 * Turns what happens to the files into final lines or JSON on stdout, and into notices and bars on
 * stderr. With `quiet` only the files that came to no good are named.
 */
export class FetchOutput {
  readonly #io: Streams;
  readonly #options: FetchOutputOptions;
  readonly #color: boolean;
  readonly #bars: ProgressBars | null;
  /** Sizes of files that count in the total bar and have not come to their end. */
  readonly #expected = new Map<string, number>();
  readonly #sent = new Map<string, Extract<FetchEvent, { type: "sent" }>>();
  readonly #waiting = new Set<string>();
  /** Notices that were given and need not be repeated. */
  readonly #told = new Set<string>();
  #nameWidth = 0;

  constructor(io: Streams, options: FetchOutputOptions) {
    this.#io = io;
    this.#options = options;
    this.#color = mayColor(io.stdout, io.env, options.color);
    const hasBars = io.stderr.isTerminal && io.env("TERM") !== "dumb" && !options.quiet &&
      !options.json;
    const color = mayColor(io.stderr, io.env, options.color);
    this.#bars = hasBars ? new ProgressBars(io.stderr, { color }) : null;
  }

  /** Takes one event; made to be passed as `emit`. */
  readonly event = (event: FetchEvent): void => {
    switch (event.type) {
      case "scanned":
        return this.#scanned(event.files, event.names);
      case "checked":
        return this.#detail(
          `${event.name} is valid${event.sha256 === null ? "" : `, SHA-256 ${event.sha256}`}`,
        );
      case "sending":
        this.#bars?.update(event.name, event.size, event.offset);
        if (event.offset > 0) {
          this.#detail(`${event.name} goes on at ${formatBytes(event.offset)}`);
        }
        return;
      case "progress":
        return this.#bars?.update(event.name, event.size, event.offset);
      case "retrying":
        return this.#retrying(event.failure, event.seconds);
      case "waiting":
        return this.#waits(event.name, event.file?.state ?? "received", event.seconds);
      case "watching":
        return this.#once("watching", `watching ${event.dir}; Ctrl-C ends`);
      case "sent":
        return this.#wasSent(event);
      default:
        return this.#final(event);
    }
  };

  /** Takes the bars away and prints the last line. */
  summary(summary: FetchSummary, exitCode: number): void {
    this.close();
    if (this.#options.json) {
      const { worst: _, ...counts } = summary;
      const line: SummaryLine = { type: "summary", ...counts, exitCode };
      this.#io.stdout.write(`${JSON.stringify(line)}\n`);
    } else if (!this.#options.quiet) {
      this.#io.stdout.write(`${summaryText(summary)}\n`);
    }
  }

  /** Takes the bars away; to be called before anything else is printed. */
  close(): void {
    this.#bars?.close();
  }

  /** One line on stderr, above the bars. */
  notice(text: string): void {
    if (this.#options.quiet || this.#options.json) return;
    this.#above(() => this.#io.stderr.write(`mysimbdp: ${printable(text)}\n`));
  }

  #scanned(files: { name: string; size: number }[], names: string[]): void {
    const widest = Math.max(0, ...names.map((name) => widthOf(printable(name))));
    const { isTerminal, columns } = this.#io.stdout;
    const room = isTerminal ? Math.max(0, columns() - BESIDE_NAME) : WIDEST_NAME;
    this.#nameWidth = Math.min(WIDEST_NAME, room, Math.max(this.#nameWidth, widest));
    for (const { name, size } of files) {
      if (this.#expected.has(name)) continue;
      this.#expected.set(name, size);
      this.#bars?.expect(size);
    }
  }

  #wasSent(event: Extract<FetchEvent, { type: "sent" }>): void {
    this.#told.clear();
    this.#expected.delete(event.name);
    this.#bars?.finish(event.name, event.size);
    if (this.#options.wait) this.#sent.set(event.name, event);
    else this.#line(fileLine(event, event));
  }

  #final(event: FinalEvent): void {
    const size = this.#expected.get(event.name);
    if (size !== undefined) this.#bars?.abandon(event.name, size);
    this.#expected.delete(event.name);
    if (this.#waiting.delete(event.name)) this.#bars?.wait(this.#waiting.size);
    this.#line(fileLine(event, this.#sent.get(event.name)));
    this.#sent.delete(event.name);
  }

  #line(line: FileLine): void {
    if (this.#options.quiet && !PROBLEMS.has(line.status)) return;
    const text = this.#options.json ? JSON.stringify(line) : this.#text(line);
    this.#above(() => this.#io.stdout.write(`${text}\n`));
  }

  #text(line: FileLine): string {
    const status = pad(line.status === "quarantined" ? "failed" : line.status, STATUS_WIDTH);
    const painted = this.#color ? COLORS[line.status] + status + RESET : status;
    const hint = this.#options.verbose && line.hint ? `  (${line.hint})` : "";
    const name = pad(printable(line.name), this.#nameWidth);
    return `${painted}  ${name}  ${printable(detailsOf(line) + hint)}`;
  }

  #retrying(failure: Failure, seconds: number): void {
    const text = `${failure.message}; trying again in ${formatSeconds(seconds)}`;
    if (this.#options.verbose) this.notice(text);
    else this.#once(failure.code, text);
  }

  #waits(name: string, state: string, seconds: number): void {
    this.#waiting.add(name);
    this.#bars?.wait(this.#waiting.size);
    if (this.#bars === null && seconds >= PATIENCE) {
      const files = formatCount(this.#waiting.size, "file");
      this.#once("waiting", `still waiting for the rows of ${files}; ${name} is ${state}`);
    }
  }

  #once(key: string, text: string): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.notice(text);
  }

  #detail(text: string): void {
    if (this.#options.verbose) this.notice(text);
  }

  #above(print: () => void): void {
    if (this.#bars) this.#bars.above(print);
    else print();
  }
}
