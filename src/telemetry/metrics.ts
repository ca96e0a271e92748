import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { BoundedLabels } from "./bounded_labels.ts";

const INGEST_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];

/** The metrics of `manage`; names follow the conventions of Prometheus. */
export type Metrics = ReturnType<typeof createMetrics>;

/**
 * Creates all metrics in a new registry. Labels have few values (a bounded number of tenants,
 * outcomes), never file names or addresses.
 */
export function createMetrics(version: string) {
  const registry = new Registry();
  const registers = [registry];
  const counter = <L extends string = never>(name: string, help: string, labelNames: L[] = []) =>
    new Counter<L>({ name, help, labelNames, registers });
  // The value of a gauge that an earlier process wrote is outdated.
  const gauge = <L extends string = never>(name: string, help: string, labelNames: L[] = []) =>
    new Gauge<L>({ name, help, labelNames, registers, aggregator: "first" });

  gauge("mysimbdp_manage_info", "The running version of manage; always 1.", ["version"])
    .set({ version }, 1);
  gauge("mysimbdp_manage_start_time_seconds", "Start time of manage, in seconds since the epoch.")
    .set(performance.timeOrigin / 1000);
  new Gauge({
    name: "mysimbdp_manage_resident_memory_bytes",
    help: "Resident memory of manage without its sandboxes.",
    registers,
    aggregator: "first",
    collect() {
      this.set(Deno.memoryUsage().rss);
    },
  });
  return {
    registry,
    tenants: new BoundedLabels(),
    ingestedRows: counter("mysimbdp_ingest_rows_total", "Records stored.", ["tenant"]),
    ingestRejects: counter("mysimbdp_ingest_rejects_total", "Records rejected.", ["tenant"]),
    ingestSkipped: counter("mysimbdp_ingest_skipped_total", "Records skipped.", ["tenant"]),
    ingestBytes: counter("mysimbdp_ingest_bytes_total", "Bytes of files ingested.", ["tenant"]),
    ingestFiles: counter("mysimbdp_ingest_files_total", "Finished attempts to ingest a file.", [
      "tenant",
      "outcome",
    ]),
    ingestSeconds: new Histogram({
      name: "mysimbdp_ingest_duration_seconds",
      help: "Duration of attempts after which the file was ingested, refused or quarantined.",
      labelNames: ["tenant"],
      buckets: INGEST_BUCKETS,
      registers,
    }),
    running: gauge("mysimbdp_ingest_running_files", "Files being ingested now.", ["tenant"]),
    slowed: counter(
      "mysimbdp_ingest_slowed_total",
      "Files that took long, so that others went first.",
      [
        "tenant",
      ],
    ),
    sandboxKills: counter("mysimbdp_sandbox_kills_total", "Sandboxes stopped by a limit.", [
      "tenant",
      "reason",
    ]),
    nearLimits: counter(
      "mysimbdp_ingest_limit_warnings_total",
      "Files that used 80 % or more of a limit.",
      ["tenant", "limit"],
    ),
    diskFull: gauge(
      "mysimbdp_manage_disk_full",
      "1 while loads wait because a disk of the data directory is full; otherwise 0.",
    ),
    storageFailures: counter("mysimbdp_storage_failures_total", "Storage failures.", ["code"]),
    stagingWriting: gauge(
      "mysimbdp_staging_writing_files",
      "Files in staging that were put there by hand and may still change.",
    ),
    stagingIgnored: gauge(
      "mysimbdp_staging_ignored_entries",
      "Entries of staging that are not loaded, such as links; the log says why.",
    ),
    reconciled: counter(
      "mysimbdp_reconciled_files_total",
      "Files about which records and disk disagreed.",
      ["disagreement"],
    ),
    watchLosses: counter(
      "mysimbdp_watch_losses_total",
      "Number of times that file events were lost.",
    ),
    configReloads: counter("mysimbdp_config_reloads_total", "Reloads of the configuration.", [
      "outcome",
    ]),
  };
}
