import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Intake } from "../../staging/intake.ts";
import { BoundedLabels } from "../../telemetry/bounded_labels.ts";
import { readMetricsFiles } from "../../telemetry/snapshot.ts";
import { addStagingGauges } from "./staging_metrics.ts";
import type { LedgerReader } from "../../storage/contract.ts";
import type { AppHandler } from "../http/env.ts";
import type { Report } from "../events.ts";

// Anyone may send any word as a method; labels must stay few.
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** The server's metrics, kept from its events. */
interface Metrics {
  count: Report;
  registry: Registry;
  /** What `manage` has counted, as it left it in the data directory. */
  ofManage(): Promise<string>;
}

/** What the gauges are read from when somebody asks for the metrics. */
interface MetricSources {
  version: string;
  intake: Intake;
  ledger: LedgerReader;
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
}

/**
 * Counts what happens, in a registry of its own: several apps in one process do not mix. Names
 * follow prometheus.io: a unit, `_total` for counters, and no file names as labels.
 */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const tenants = new BoundedLabels();
  addGauges(registry, sources, tenants);
  addStagingGauges(registry, sources, tenants);
  const manageAge = new Gauge({
    name: "mysimbdp_manage_metrics_age_seconds",
    help:
      "Seconds since manage last told its metrics, which it does every few; -1 if it never did.",
    registers: [registry],
  });
  manageAge.set(-1);
  return {
    registry,
    count: countEvents(registry, tenants),
    async ofManage() {
      const { now = Date.now, intake } = sources;
      const { text, ageSeconds } = await readMetricsFiles(intake.layout.root, now());
      manageAge.set(ageSeconds ?? -1);
      return text;
    },
  };
}

/**
 * `GET /metrics`. It is open, as Prometheus expects it to be: it shows the names of tenants and how
 * many files they have, so a proxy should not let the outside see it.
 */
export function showMetrics({ registry, ofManage }: Metrics): AppHandler {
  return async (c) => {
    const told = await ofManage();
    const text = `${await registry.metrics()}${told}`;
    return c.body(text, 200, { "Content-Type": registry.contentType });
  };
}

function countEvents(registry: Registry, tenants: BoundedLabels): Report {
  const requests = new Histogram({
    name: "mysimbdp_http_request_duration_seconds",
    help: "Requests by method, route and status, and how long they took.",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers: [registry],
  });
  const uploads = new Counter({
    name: "mysimbdp_uploads_total",
    help: "Uploads by what became of them.",
    labelNames: ["tenant", "result"],
    registers: [registry],
  });
  const bytes = new Counter({
    name: "mysimbdp_upload_received_bytes_total",
    help: "Bytes of uploads that were stored.",
    labelNames: ["tenant"],
    registers: [registry],
  });
  const problems = new Counter({
    name: "mysimbdp_http_problems_total",
    help: "Requests answered with a problem, by its code.",
    labelNames: ["code"],
    registers: [registry],
  });
  const expired = new Counter({
    name: "mysimbdp_uploads_expired_total",
    help: "Unfinished uploads that nobody went on with in time.",
    registers: [registry],
  });
  const authFailures = new Counter({
    name: "mysimbdp_auth_failures_total",
    help: "Logins that were refused.",
    labelNames: ["reason"],
    registers: [registry],
  });
  const nearLimits = new Counter({
    name: "mysimbdp_limit_warnings_total",
    help: "Times that a customer came to four fifths of a constraint.",
    labelNames: ["tenant", "limit"],
    registers: [registry],
  });
  return (event) => {
    if (event.type === "request") {
      const { route, status, seconds } = event;
      const method = METHODS.has(event.method) ? event.method : "other";
      requests.observe({ method, route, status }, seconds);
      return;
    }
    const tenant = "tenant" in event && event.tenant !== null ? tenants.of(event.tenant) : "";
    if (event.type === "bytes-received") bytes.inc({ tenant }, event.bytes);
    else if (event.type === "upload-created") uploads.inc({ tenant, result: "created" });
    else if (event.type === "upload-finished") {
      uploads.inc({ tenant, result: event.id === event.fileId ? "finished" : "duplicate" });
    } else if (event.type === "upload-terminated") uploads.inc({ tenant, result: "terminated" });
    else if (event.type === "uploads-expired") expired.inc(event.uploads);
    else if (event.type === "limit-near") nearLimits.inc({ tenant, limit: event.limit });
    else if (event.type === "refused") {
      problems.inc({ code: event.code });
      if (event.code === "throttled") authFailures.inc({ reason: "throttled" });
      if (event.code === "unauthorized" && event.signedIn) {
        authFailures.inc({ reason: "credentials" });
      }
    } else if (event.type === "error") problems.inc({ code: "internal" });
  };
}

function addGauges(
  registry: Registry,
  { version, intake, ledger }: MetricSources,
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
    help: "Uploads that can be gone on with.",
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
    help: "Records of a tenant's files by what became of them.",
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
