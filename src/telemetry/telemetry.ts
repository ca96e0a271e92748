import { withInvisibleEscaped } from "../base/invisible.ts";
import {
  configureSync,
  getJsonLinesFormatter,
  getLogger,
  type LogLevel,
  resetSync,
} from "@logtape/logtape";
import type { Registry } from "prom-client";
import { formatCount } from "../base/count.ts";
import type { TelemetryEvent } from "./events.ts";
import { ingestLine } from "./ingest_line.ts";
import { journalPrefix } from "./journal.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { processOutput, type TextOutput } from "./output.ts";
import { type Level, REACTIONS } from "./reactions.ts";
import { Repeats, type Repetition } from "./repeats.ts";

export interface TelemetryOptions {
  /** Where ingestion lines go. @default standard output */
  stdout?: TextOutput;
  /** Where log records go, one JSON object per line. @default standard error */
  stderr?: TextOutput;
  /** Records below this level are not written. @default "info" */
  level?: Level;
  /** Shown as `mysimbdp_build_info`. @default "0.0.0" */
  version?: string;
  /** Milliseconds since any moment, for problems that repeat. @default performance.now */
  monotonic?: () => number;
}

/** Logs and metrics of a process. */
export interface Telemetry {
  /**
   * Writes the event's log record and updates its metrics; `file.ingested` also prints the
   * ingestion line. Everything is written when it returns, so an exit loses nothing.
   */
  emit(event: TelemetryEvent): void;
  /** Changes the log level, for a reload. */
  setLevel(level: Level): void;
  /** The metrics of this process. */
  readonly registry: Registry;
  /** Stops logging. */
  close(): void;
}

const CATEGORY = "mysimbdp";

/**
 * Sets up logs and metrics. LogTape has one configuration per process, so the telemetry that was
 * created last is the one that logs.
 *
 * @example
 * ```ts
 * import { createTelemetry } from "./telemetry.ts";
 * const telemetry = createTelemetry({ level: "warning" });
 * telemetry.emit({ kind: "server.started", listen: "127.0.0.1:8080", tls: false });
 * telemetry.close();
 * ```
 */
export function createTelemetry(options: TelemetryOptions = {}): Telemetry {
  const stdout = options.stdout ?? processOutput(Deno.stdout);
  const stderr = options.stderr ?? processOutput(Deno.stderr);
  const metrics = createMetrics(options.version ?? "0.0.0");
  configureLogs(stderr, options.level ?? "info");
  const logger = getLogger(CATEGORY);
  const repeats = new Repeats(options.monotonic);
  return {
    emit: (event) => {
      const { kind, ...fields } = event;
      const { level, message } = REACTIONS[kind];
      const repetition = repetitionOf(event, repeats);
      if (repetition) {
        const { count, seconds } = repetition;
        const counted = count === 0 ? {} : { failures: count, seconds };
        const text = count === 0 ? message : `${message} ${repeatedText(event, repetition)}`;
        logger[level](text, { event: kind, ...fields, ...counted });
      }
      measure(metrics, event);
      if (event.kind === "file.ingested") {
        stdout.write(ingestLine({ ...event, stored: event.rows.stored }));
      }
    },
    setLevel: (level) => configureLogs(stderr, level),
    registry: metrics.registry,
    close: resetSync,
  };
}

function configureLogs(stderr: TextOutput, lowestLevel: Level): void {
  const format = getJsonLinesFormatter({ properties: "flatten" });
  configureSync({
    reset: true,
    sinks: {
      stderr: (record) =>
        stderr.write(prefixOf(record.level) + withInvisibleEscaped(format(record))),
    },
    loggers: [
      { category: CATEGORY, sinks: ["stderr"], lowestLevel },
      { category: ["logtape", "meta"], sinks: ["stderr"], lowestLevel: "error" },
    ],
  });
}

function prefixOf(level: LogLevel): string {
  if (level === "fatal") return journalPrefix("error");
  return journalPrefix(level === "trace" ? "debug" : level);
}

/** How often an event was not logged before it is now; null when it is not logged. */
function repetitionOf(event: TelemetryEvent, repeats: Repeats): Repetition | null {
  if (event.kind === "problem.ended") return repeats.ended(`${event.problem} ${event.key}`);
  const repeating = repeatingOf(event);
  if (!repeating) return { count: 0, seconds: 0 };
  return repeats.failed(`${event.kind} ${repeating.key}`, repeating.text);
}

/** Such as `(14 more failures in 2 minutes)`. */
function repeatedText({ kind }: TelemetryEvent, { count, seconds }: Repetition): string {
  const more = kind === "problem.ended" ? "" : "more ";
  return `(${formatCount(count, `${more}failure`)} in ${formatDuration(seconds)})`;
}

function formatDuration(seconds: number): string {
  if (seconds < 60) return formatCount(seconds, "second");
  const minutes = Math.round(seconds / 60);
  return minutes < 120
    ? formatCount(minutes, "minute")
    : formatCount(Math.round(minutes / 60), "hour");
}

function repeatingOf<K extends TelemetryEvent["kind"]>(
  event: Extract<TelemetryEvent, { kind: K }>,
): { key: string; text: string } | null {
  const kind: K = event.kind as K;
  return REACTIONS[kind].repeats?.(event) ?? null;
}

function measure<K extends TelemetryEvent["kind"]>(
  metrics: Metrics,
  event: Extract<TelemetryEvent, { kind: K }>,
): void {
  const kind: K = event.kind as K;
  REACTIONS[kind].measure?.(metrics, event);
}
