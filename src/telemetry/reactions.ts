import type { TelemetryEvent } from "./events.ts";
import type { Metrics } from "./metrics.ts";

export type Level = "debug" | "info" | "warning" | "error";

type EventOf<K extends TelemetryEvent["kind"]> = Extract<TelemetryEvent, { kind: K }>;

/** What one kind of event does: its record's level and sentence, and its metrics. */
interface Reaction<K extends TelemetryEvent["kind"]> {
  level: Level;
  message: string;
  measure?(metrics: Metrics, event: EventOf<K>): void;
}

/** Every kind of event has its row here, or the type checker complains. */
export const REACTIONS: { readonly [K in TelemetryEvent["kind"]]: Reaction<K> } = {
  "server.started": { level: "info", message: "The server listens." },
  "server.stopping": { level: "info", message: "The server is stopping." },
  "request.finished": { level: "debug", message: "A request was answered." },
  "request.failed": { level: "error", message: "A request failed by our fault." },
  "auth.required": { level: "debug", message: "A request came without credentials." },
  "auth.failed": { level: "warning", message: "A login was refused." },
  "auth.rehashed": { level: "info", message: "A password was hashed anew." },
  "auth.rehash_failed": { level: "error", message: "A password could not be hashed anew." },
  "users.broken": {
    level: "error",
    message: "The accounts cannot be read; those from before stay in force.",
  },
  "accounts.invalid_name": {
    level: "warning",
    message: "Accounts in users.json have names that are not allowed; they cannot sign in.",
  },
  "upload.started": { level: "debug", message: "An upload was started." },
  "upload.finished": { level: "info", message: "An upload was finished." },
  "upload.duplicate": {
    level: "info",
    message: "An upload brought a file that is there already.",
  },
  "upload.received": { level: "debug", message: "Bytes of an upload were stored." },
  "upload.terminated": { level: "info", message: "An upload was given up by its client." },
  "request.refused": { level: "info", message: "A request was refused." },
  "uploads.expired": { level: "info", message: "Unfinished uploads have expired." },
  "manage.started": { level: "info", message: "Ingestion has started." },
  "sandbox.layers": { level: "info", message: "Modules run inside all layers of the sandbox." },
  "sandbox.without_os": {
    level: "warning",
    message: "Modules run without the operating system's layer: deploy only those you would trust.",
  },
  "manage.draining": { level: "info", message: "Ingestion is draining." },
  "manage.stopped": { level: "info", message: "Ingestion has stopped." },
  "watch.lost": {
    level: "warning",
    message: "File events were lost; the next scan makes up for it.",
    measure: ({ watchLosses }) => watchLosses.inc(),
  },
  "staging.problem": { level: "warning", message: "A file in staging cannot be taken." },
  "storage.waiting": { level: "warning", message: "The storage does not answer yet: waiting." },
  "scan.failed": { level: "error", message: "Could not scan staging." },
  "ledger.failed": {
    level: "error",
    message: "Could not read or write the ledger.",
    measure: ({ storageFailures }, { code }) => storageFailures.inc({ code }),
  },
  "retention.failed": {
    level: "error",
    message: "Could not apply retention or check the disk; trying again in an hour.",
  },
  "file.waiting": { level: "warning", message: "A file waits." },
  "file.started": {
    level: "info",
    message: "The ingestion of a file has started.",
    measure: ({ running, tenants }, { tenant }) => running.inc({ tenant: tenants.of(tenant) }),
  },
  "file.ingested": {
    level: "info",
    message: "A file was ingested.",
    measure: (metrics, { rows, seconds, size, ...event }) => {
      const tenant = metrics.tenants.of(event.tenant);
      metrics.ingestedRows.inc({ tenant }, rows.stored);
      metrics.ingestRejects.inc({ tenant }, rows.rejected);
      metrics.ingestSkipped.inc({ tenant }, rows.skipped);
      metrics.ingestBytes.inc({ tenant }, size);
      end(metrics, tenant, "ingested", seconds);
    },
  },
  "file.refused": {
    level: "warning",
    message: "A file was refused.",
    measure: (metrics, { rows, seconds, ...event }) => {
      const tenant = metrics.tenants.of(event.tenant);
      metrics.ingestRejects.inc({ tenant }, rows.rejected);
      end(metrics, tenant, "refused", seconds);
    },
  },
  "file.quarantined": {
    level: "warning",
    message: "A file went to quarantine.",
    measure: (metrics, { rows, seconds, ...event }) => {
      const tenant = metrics.tenants.of(event.tenant);
      metrics.ingestRejects.inc({ tenant }, rows.rejected);
      end(metrics, tenant, "quarantined", seconds);
    },
  },
  "file.retry": {
    level: "warning",
    message: "An attempt failed and will be repeated.",
    measure: (metrics, { tenant, reason, endless }) => {
      if (endless) metrics.storageFailures.inc({ code: reason.code });
      end(metrics, metrics.tenants.of(tenant), "retry", null);
    },
  },
  "file.released": {
    level: "info",
    message: "A file went back into the queue.",
    measure: ({ running, tenants }, { tenant }) => running.dec({ tenant: tenants.of(tenant) }),
  },
  "module.log": { level: "info", message: "A module wrote to its console." },
  "file.replayed": { level: "info", message: "A file was put back to be ingested again." },
  "file.archive_expired": { level: "info", message: "An archived file was dropped." },
  "file.quarantine_expired": { level: "info", message: "A file in quarantine was dropped." },
  "file.rejects_expired": { level: "info", message: "The rejects of a file were dropped." },
  "file.record_expired": { level: "info", message: "A file was dropped from the ledger." },
  "limit.near": {
    level: "warning",
    message: "A limit is nearly reached.",
    measure: ({ nearLimits, tenants }, { tenant, limit }) =>
      nearLimits.inc({ tenant: tenants.of(tenant), limit }),
  },
  "metrics.lost": { level: "warning", message: "The metrics could not be written." },
  "disk.low": { level: "warning", message: "The disk fills up." },
  "data.upgraded": { level: "info", message: "The data directory was brought forward." },
  "sandbox.killed": {
    level: "warning",
    message: "A sandbox was ended by a limit.",
    measure: ({ sandboxKills, tenants }, { tenant, why }) =>
      sandboxKills.inc({ tenant: tenants.of(tenant), reason: why }),
  },
  "module.submitted": { level: "info", message: "A customer submitted a module." },
  "module.deployed": { level: "info", message: "A module was deployed." },
  "module.pending": { level: "info", message: "A valid module waits for an operator." },
  "module.faulty": { level: "info", message: "A submitted module has faults." },
  "module.unchecked": { level: "error", message: "A submitted module could not be checked." },
  "module.rolled_back": {
    level: "warning",
    message: "A module's version was taken back; the one before runs again.",
  },
  "config.reloaded": {
    level: "info",
    message: "The configuration was read again.",
    measure: ({ configReloads }) => configReloads.inc({ outcome: "taken" }),
  },
  "config.refused": {
    level: "error",
    message: "The new configuration is not valid; the one from before stays in force.",
    measure: ({ configReloads }) => configReloads.inc({ outcome: "refused" }),
  },
};

/** An attempt that began with `file.started` has ended; a retry's duration says nothing. */
function end(metrics: Metrics, tenant: string, outcome: string, seconds: number | null): void {
  metrics.ingestFiles.inc({ tenant, outcome });
  metrics.running.dec({ tenant });
  if (seconds !== null) metrics.ingestSeconds.observe({ tenant }, seconds);
}
