import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Intake } from "../../staging/intake.ts";
import { sparing } from "../../base/sparing.ts";
import { BoundedLabels } from "../../telemetry/bounded_labels.ts";
import { readMetricsFiles } from "../../telemetry/snapshot.ts";
import { addStagingGauges } from "./staging_metrics.ts";
import type { LedgerReader } from "../../storage/contract.ts";
import type { Emit } from "../../telemetry/events.ts";

// Clients can send any word as a method; the number of labels must stay small.
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** The metrics of the server, and those that `manage` writes to the data directory. */
export interface Metrics {
  /** Counts an event. */
  count: Emit;
  /** The text format of Prometheus. */
  text(): Promise<string>;
  mediaType: string;
}

/** Where gauges read their values when the metrics are requested. */
interface MetricDeps {
  version: string;
  intake: Intake;
  ledger: LedgerReader;
  /** When the served certificate expires, in milliseconds since the epoch; null without TLS. */
  certificateEnds?: () => number | null;
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
}

/**
 * Creates metrics in a separate registry, so that several apps can run in one process. Names follow
 * prometheus.io: a unit, `_total` for counters, and no file names as labels.
 */
export function createMetrics(deps: MetricDeps): Metrics {
  const { now = Date.now, intake } = deps;
  const registry = new Registry();
  const tenants = new BoundedLabels();
  addGauges(registry, deps, tenants);
  addStagingGauges(registry, deps, tenants);
  const manageAge = new Gauge({
    name: "mysimbdp_manage_metrics_age_seconds",
    help:
      "Seconds since manage last wrote its metrics, which it does every few seconds; -1 if never.",
    registers: [registry],
  });
  manageAge.set(-1);
  addCertificate(registry, deps);
  return {
    count: countEvents(registry, tenants),
    mediaType: registry.contentType,
    // Needs no login, and reads all tenants.
    text: sparing(async () => {
      const manage = await readMetricsFiles(intake.layout.root, now());
      manageAge.set(manage.ageSeconds ?? -1);
      return `${await registry.metrics()}${manage.text}`;
    }),
  };
}

function addCertificate(registry: Registry, { certificateEnds = () => null }: MetricDeps): void {
  const gauge = new Gauge({
    name: "mysimbdp_tls_certificate_not_after_seconds",
    help: "When the served certificate expires, in seconds since the epoch; no value without TLS.",
    registers: [registry],
    collect() {
      const ends = certificateEnds();
      if (ends !== null) this.set(ends / 1000);
    },
  });
  // A gauge without labels begins with 0.
  gauge.remove();
}

function countEvents(registry: Registry, tenants: BoundedLabels): Emit {
  const registers = [registry];
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers });
  const requests = new Histogram({
    name: "mysimbdp_http_request_duration_seconds",
    help: "Duration of requests by method, route and status.",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers,
  });
  const uploads = counter("mysimbdp_uploads_total", "Uploads by result.", "tenant", "result");
  const bytes = counter(
    "mysimbdp_upload_received_bytes_total",
    "Bytes of uploads that were stored.",
    "tenant",
  );
  const problems = counter(
    "mysimbdp_http_problems_total",
    "Requests answered with a problem, by its code.",
    "code",
  );
  const expired = counter("mysimbdp_uploads_expired_total", "Unfinished uploads that expired.");
  const authFailures = counter(
    "mysimbdp_auth_failures_total",
    "Failed logins by reason.",
    "reason",
  );
  const nearLimits = counter(
    "mysimbdp_limit_warnings_total",
    "Number of times that a tenant reached 80 % of a limit.",
    "tenant",
    "limit",
  );
  return (event) => {
    const tenant = "tenant" in event && event.tenant !== null ? tenants.of(event.tenant) : "";
    switch (event.kind) {
      case "request.finished": {
        const { route, status, seconds } = event;
        const method = METHODS.has(event.method) ? event.method : "other";
        return requests.observe({ method, route, status }, seconds);
      }
      case "request.refused":
        return problems.inc({ code: event.code });
      case "request.failed":
        return problems.inc({ code: "internal" });
      case "auth.required":
        return problems.inc({ code: "unauthorized" });
      case "auth.failed":
        problems.inc({ code: event.throttled ? "throttled" : "unauthorized" });
        return authFailures.inc({ reason: event.throttled ? "throttled" : "credentials" });
      case "upload.received":
        return bytes.inc({ tenant }, event.bytes);
      case "upload.started":
        return uploads.inc({ tenant, result: "created" });
      case "upload.finished":
        return uploads.inc({ tenant, result: "finished" });
      case "upload.duplicate":
        return uploads.inc({ tenant, result: "duplicate" });
      case "upload.terminated":
        return uploads.inc({ tenant, result: "terminated" });
      case "uploads.expired":
        return expired.inc(event.uploads);
      case "limit.near":
        return nearLimits.inc({ tenant, limit: event.limit });
    }
  };
}

function addGauges(
  registry: Registry,
  { version, intake, ledger }: MetricDeps,
  tenants: BoundedLabels,
): void {
  new Gauge({
    name: "mysimbdp_build_info",
    help: "Always 1; the version is in the label.",
    labelNames: ["version"],
    registers: [registry],
  }).set({ version }, 1);
  new Gauge({
    name: "mysimbdp_uploads_unfinished",
    help: "Resumable uploads.",
    registers: [registry],
    collect() {
      this.set(intake.uploads.size);
    },
  });
  new Gauge({
    name: "mysimbdp_files",
    help: "Files in the ledger, by tenant and state.",
    labelNames: ["tenant", "state"],
    registers: [registry],
    async collect() {
      const counts = await ledger.counts();
      this.reset();
      for (const { tenant, state, files } of counts) {
        this.inc({ tenant: tenants.of(tenant), state }, files);
      }
    },
  });
  new Gauge({
    name: "mysimbdp_rows",
    help: "Records of a tenant's files by result.",
    labelNames: ["tenant", "result"],
    registers: [registry],
    async collect() {
      const counts = await ledger.counts();
      this.reset();
      for (const { tenant, stored, rejected } of counts) {
        this.inc({ tenant: tenants.of(tenant), result: "stored" }, stored);
        this.inc({ tenant: tenants.of(tenant), result: "rejected" }, rejected);
      }
    },
  });
}
