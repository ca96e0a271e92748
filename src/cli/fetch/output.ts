import type { FetchEvent, FetchSummary } from "../../fetch/events.ts";
import type { Failure } from "../../base/failure.ts";
import {
  detailsOf,
  type FileLine,
  fileLine,
  type FinalEvent,
  type SummaryLine,
  summaryText,
  wordOf,
} from "./lines.ts";
import type { FetchOptions } from "./options.ts";
import { WaitingFiles } from "./waiting.ts";
import type { FileView } from "../../protocol/file_view.ts";
import { type CommandIo, mayColor } from "../terminal/io.ts";
import { ProgressBars } from "../terminal/progress.ts";
import { formatCount } from "../../base/count.ts";
import {
  formatBytes,
  formatLimit,
  formatSeconds,
  pad,
  printable,
  widthOf,
} from "../terminal/text.ts";

type FetchOutputOptions = Pick<FetchOptions, "json" | "quiet" | "verbose" | "color" | "wait">;
type Streams = Pick<CommandIo, "stdout" | "stderr" | "env">;

const COLORS: Record<FileLine["status"], string> = {
  sent: "\u001b[32m",
  ingested: "\u001b[32m",
  valid: "\u001b[32m",
  skipped: "\u001b[2m",
  refused: "\u001b[33m",
  quarantined: "\u001b[31m",
  failed: "\u001b[31m",
  unfinished: "\u001b[33m",
};
const RESET = "\u001b[0m";
const STATUS_WIDTH = 8;
const INDENT = " ".repeat(STATUS_WIDTH + 2);
/** Longer names do not widen the column of the others. */
const WIDEST_NAME = 40;
/** Columns reserved for everything but the name. */
const BESIDE_NAME = 32;
const PROBLEMS = new Set<FileLine["status"]>(["refused", "quarantined", "failed", "unfinished"]);

/**
 * Prints events: a line of text or JSON per file on stdout, notices and progress bars on stderr. With
 * `quiet` only the files that failed are printed.
 */
export class FetchOutput {
  readonly #io: Streams;
  readonly #options: FetchOutputOptions;
  readonly #color: boolean;
  readonly #bars: ProgressBars | null;
  /** Sizes of unfinished files, which count in the total bar. */
  readonly #expected = new Map<string, number>();
  readonly #sent = new Map<string, Extract<FetchEvent, { type: "sent" }>>();
  readonly #waiting = new WaitingFiles();
  /** Notices that were printed and are not repeated. */
  readonly #noticed = new Set<string>();
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

  /** Prints one event; can be passed as `emit`. */
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
          this.#detail(`resuming ${event.name} at ${formatBytes(event.offset)}`);
        }
        return;
      case "progress":
        return this.#bars?.update(event.name, event.size, event.offset);
      case "retrying":
        return this.#retrying(event.failure, event.seconds);
      case "waiting":
        return this.#waits(event.name, event.file, event.seconds);
      case "watching":
        return this.#once("watching", `watching ${event.dir}; press Ctrl-C to stop`);
      case "resting":
        return this.notice(restingText(event.names, event.seconds));
      case "sent":
        return this.#wasSent(event);
      default:
        return this.#final(event);
    }
  };

  /** Removes the bars and prints the last line. */
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

  /** Removes the bars; call it before anything else is printed. */
  close(): void {
    this.#bars?.close();
  }

  /** Prints a line on stderr, above the bars. */
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
    this.#noticed.clear();
    this.#expected.delete(event.name);
    this.#bars?.finish(event.name, event.size);
    if (this.#options.wait) this.#sent.set(event.name, event);
    else this.#line(fileLine(event, event));
  }

  #final(event: FinalEvent): void {
    const size = this.#expected.get(event.name);
    if (size !== undefined) this.#bars?.abandon(event.name, size);
    this.#expected.delete(event.name);
    if (this.#waiting.delete(event.name)) this.#bars?.wait(this.#waiting.text());
    this.#line(fileLine(event, this.#sent.get(event.name)));
    this.#sent.delete(event.name);
  }

  #line(line: FileLine): void {
    if (this.#options.quiet && !PROBLEMS.has(line.status)) return;
    const text = this.#options.json ? JSON.stringify(line) : this.#text(line);
    this.#above(() => this.#io.stdout.write(`${text}\n`));
  }

  #text(line: FileLine): string {
    const status = pad(wordOf(line.status), STATUS_WIDTH);
    const painted = this.#color ? COLORS[line.status] + status + RESET : status;
    const hint = this.#options.verbose && line.hint ? `  (${line.hint})` : "";
    const name = pad(printable(line.name), this.#nameWidth);
    const more = line.notices.map((text) => `notice: ${text}`);
    if (line.versionText !== null) more.unshift(line.versionText);
    const below = more.map((text) => `\n${INDENT}${printable(text)}`);
    return `${painted}  ${name}  ${printable(detailsOf(line) + hint)}${below.join("")}`;
  }

  #retrying(failure: Failure, seconds: number): void {
    const text = `${failure.message}; retrying in ${formatSeconds(seconds)}`;
    if (this.#options.verbose) this.notice(text);
    else this.#once(failure.code, text);
  }

  #waits(name: string, file: FileView | null, seconds: number): void {
    this.#waiting.set(name, file);
    if (this.#bars) return this.#bars.wait(this.#waiting.text());
    const news = this.#waiting.news(seconds * 1000, performance.now());
    if (news !== null) this.notice(news);
  }

  #once(key: string, text: string): void {
    if (this.#noticed.has(key)) return;
    this.#noticed.add(key);
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

function restingText(names: string[], seconds: number): string {
  const [files, are, have] = names.length === 1
    ? [names[0], "is", "it has"]
    : [formatCount(names.length, "file"), "are", "they have"];
  return `${files} ${are} sent when ${have} not changed for ${formatLimit(seconds)}`;
}
