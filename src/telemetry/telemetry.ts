import {
  configureSync,
  getJsonLinesFormatter,
  getLogger,
  type LogLevel,
  resetSync,
} from "@logtape/logtape";
import type { Registry } from "prom-client";
import type { TelemetryEvent } from "./events.ts";
import { ingestLine } from "./ingest_line.ts";
import { journalPrefix } from "./journal.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { processOutput, type TextOutput } from "./output.ts";
import { type Level, REACTIONS } from "./reactions.ts";

export interface TelemetryOptions {
  /** Takes the ingestion lines. @default the process's own */
  stdout?: TextOutput;
  /** Takes the log records, one JSON object a line. @default the process's own */
  stderr?: TextOutput;
  /** The least grave records that are written. @default "info" */
  level?: Level;
  /** Shown as `mysimbdp_build_info`. @default "0.0.0" */
  version?: string;
}

/** Where a process tells what happens. */
export interface Telemetry {
  /**
   * Writes the event's log record and updates its metrics; `file.ingested` also prints the
   * ingestion line. All is written when it returns: nothing is lost at an exit.
   */
  emit(event: TelemetryEvent): void;
  /** Changes the level of a running process, at a reload. */
  setLevel(level: Level): void;
  /** The metrics of this process. */
  readonly registry: Registry;
  /** Ends the logging of this process. */
  close(): void;
}

const CATEGORY = "mysimbdp";

/**
 * Sets up logs and metrics. LogTape's configuration belongs to the process, so the newest
 * telemetry is the one that logs.
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
  return {
    emit: (event) => {
      const { kind, ...fields } = event;
      const { level, message } = REACTIONS[kind];
      logger[level](message, { event: kind, ...fields });
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
    sinks: { stderr: (record) => stderr.write(prefixOf(record.level) + format(record)) },
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

function measure<K extends TelemetryEvent["kind"]>(
  metrics: Metrics,
  event: Extract<TelemetryEvent, { kind: K }>,
): void {
  const kind: K = event.kind as K;
  REACTIONS[kind].measure?.(metrics, event);
}
