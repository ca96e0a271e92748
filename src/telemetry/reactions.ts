import { addressGroup } from "../base/address_group.ts";
import type { TelemetryEvent } from "./events.ts";
import type { Metrics } from "./metrics.ts";

export type Level = "debug" | "info" | "warning" | "error";

type EventOf<K extends TelemetryEvent["kind"]> = Extract<TelemetryEvent, { kind: K }>;

/** What one kind of event causes: a log record with level and message, and changes of metrics. */
interface Reaction<K extends TelemetryEvent["kind"]> {
  level: Level;
  message: string;
  /**
   * For an event that can happen again and again: its problem, and what may change about it. It is
   * logged as `Repeats` decides. Null for a single event.
   */
  repeats?(event: EventOf<K>): { key: string; text: string } | null;
  measure?(metrics: Metrics, event: EventOf<K>): void;
}

/** A problem of which there is one for a process. */
const byError = ({ error }: { error: string }) => ({ key: "", text: error });

/** An attack from any number of addresses must not fill the log. */
const ADDRESS_BUCKETS = 1024;

function bucketOf(text: string): string {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) % 1_000_003;
  return String(hash % ADDRESS_BUCKETS);
}

/** One row for each kind of event; the type checker finds missing ones. */
export const REACTIONS: { readonly [K in TelemetryEvent["kind"]]: Reaction<K> } = {
  "server.started": { level: "info", message: "Server started." },
  "server.stopping": { level: "info", message: "Server is stopping." },
  "proxy.untrusted": {
    level: "warning",
    message:
      "Requests come from a proxy that is not in server.trusted_proxies: what it says about " +
      "clients, https and the host is ignored.",
  },
  "tls.renewed": { level: "info", message: "Renewed TLS certificate is served." },
  "tls.refused": {
    level: "error",
    message: "New TLS certificate cannot be used; the previous one is still served.",
  },
  "tls.expiring": {
    level: "warning",
    message: "TLS certificate expires soon, has expired, or is not valid yet.",
  },
  "request.finished": { level: "debug", message: "Request answered." },
  "request.failed": {
    level: "error",
    message: "Request failed because of an internal error.",
    repeats: ({ method, route, code, error }) => ({
      key: `${method} ${route}`,
      text: `${code} ${error}`,
    }),
  },
  "auth.required": { level: "debug", message: "Request without credentials." },
  "auth.failed": {
    level: "warning",
    message: "Login failed.",
    repeats: ({ address, throttled }) => ({
      key: bucketOf(addressGroup(address)),
      text: throttled ? "throttled" : "credentials",
    }),
  },
  "auth.rehashed": { level: "info", message: "Password hash upgraded." },
  "auth.rehash_failed": {
    level: "error",
    message: "Could not upgrade a password hash.",
    repeats: ({ tenant, error }) => ({ key: tenant, text: error }),
  },
  "users.broken": {
    level: "error",
    message: "Could not read all accounts; the previous ones stay active, or those without faults.",
    repeats: byError,
  },
  "credentials.broken": {
    level: "error",
    message: "Could not read the API tokens of an account; its password still works.",
    repeats: byError,
  },
  "token.created": { level: "info", message: "API token created." },
  "token.revoked": { level: "info", message: "API token revoked." },
  "constraints.faulty": {
    level: "error",
    message: "A tenant's constraints have faults; what applies is in inForce.",
  },
  "constraints.fixed": { level: "info", message: "A tenant's constraints are valid again." },
  "data.faulty": { level: "warning", message: "A file that people edit has a fault." },
  "audit.unwritten": {
    level: "warning",
    message: "Could not write an entry of the audit log: the disk is full.",
  },
  "accounts.invalid_name": {
    level: "warning",
    message: "Accounts in users.json have invalid names and cannot sign in.",
  },
  "upload.started": { level: "debug", message: "Upload started." },
  "upload.finished": { level: "info", message: "Upload finished." },
  "upload.duplicate": { level: "info", message: "Upload of a file that the server already has." },
  "upload.received": { level: "debug", message: "Bytes of an upload stored." },
  "upload.terminated": { level: "info", message: "Upload cancelled by its client." },
  "request.refused": { level: "info", message: "Request refused." },
  "handoff.failed": {
    level: "error",
    message: "Could not hand a complete upload over to staging; trying again.",
    repeats: ({ path, error }) => ({ key: path, text: error }),
  },
  "uploads.expired": { level: "info", message: "Unfinished uploads expired." },
  "manage.started": { level: "info", message: "Ingestion started." },
  "sandbox.layers": { level: "info", message: "Modules run in all layers of the sandbox." },
  "sandbox.without_os": {
    level: "warning",
    message: "Modules run without the OS sandbox: deploy only modules that you trust.",
  },
  "manage.draining": {
    level: "info",
    message: "Ingestion is stopping; waiting for running files.",
  },
  "manage.ready": { level: "info", message: "Ready: files are loaded as they arrive." },
  "manage.stopped": { level: "info", message: "Ingestion stopped." },
  "watch.lost": {
    level: "warning",
    message: "File events were lost; the next scan finds the files.",
    repeats: ({ dir, error }) => ({ key: dir, text: error }),
    measure: ({ watchLosses }) => watchLosses.inc(),
  },
  "staging.problem": {
    level: "warning",
    message: "Something in staging is not loaded.",
    repeats: ({ path, error }) => ({ key: path, text: error }),
  },
  "staging.writing": {
    level: "info",
    message: "A file in staging is still being written; it is loaded when it no longer changes.",
    repeats: ({ path }) => ({ key: path, text: "" }),
  },
  "staging.incomplete": {
    level: "warning",
    message: "A file in staging is still being written; the next run loads it.",
  },
  "staging.scanned": {
    level: "debug",
    message: "Staging scanned.",
    measure: ({ stagingWriting, stagingIgnored }, { writing, ignored }) => {
      stagingWriting.set(writing);
      stagingIgnored.set(ignored);
    },
  },
  "file.adopted": { level: "info", message: "File in staging is complete and got an id." },
  "storage.waiting": {
    level: "warning",
    message: "Storage is unavailable; waiting.",
    repeats: byError,
  },
  "scan.failed": {
    level: "error",
    message: "Could not scan a folder.",
    repeats: ({ dir, error }) => ({ key: dir, text: error }),
  },
  "file.reconciled": {
    level: "warning",
    message: "Records and disk disagreed about a file.",
    measure: ({ reconciled }, { disagreement }) => reconciled.inc({ disagreement }),
  },
  "file.unknown": {
    level: "warning",
    message: "Nothing says which file these bytes are; they are not loaded.",
    repeats: ({ path }) => ({ key: path, text: "" }),
  },
  "reconcile.failed": {
    level: "error",
    message: "Could not compare records and disk.",
    repeats: byError,
  },
  "ledger.failed": {
    level: "error",
    message: "Could not read or write the ledger.",
    repeats: ({ code, error, fileId }) => ({
      key: fileId === null ? "scan" : "file",
      text: `${code} ${error}`,
    }),
    measure: ({ storageFailures }, { code }) => storageFailures.inc({ code }),
  },
  "retention.failed": {
    level: "error",
    message: "Could not apply retention or check the disk; trying again in an hour.",
    repeats: byError,
  },
  "file.waiting": { level: "warning", message: "File is waiting." },
  "file.started": {
    level: "info",
    message: "Started to load a file.",
    measure: ({ running, tenants }, { tenant }) => running.inc({ tenant: tenants.of(tenant) }),
  },
  "file.ingested": {
    level: "info",
    message: "File ingested.",
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
    message: "File refused.",
    measure: (metrics, { rows, seconds, ...event }) => {
      const tenant = metrics.tenants.of(event.tenant);
      metrics.ingestRejects.inc({ tenant }, rows.rejected);
      end(metrics, tenant, "refused", seconds);
    },
  },
  "file.quarantined": {
    level: "warning",
    message: "File quarantined.",
    measure: (metrics, { rows, seconds, ...event }) => {
      const tenant = metrics.tenants.of(event.tenant);
      metrics.ingestRejects.inc({ tenant }, rows.rejected);
      end(metrics, tenant, "quarantined", seconds);
    },
  },
  "file.retry": {
    level: "warning",
    message: "Attempt failed; it will be repeated.",
    repeats: ({ endless, fileId, detail }) => endless ? { key: fileId, text: detail } : null,
    measure: (metrics, { tenant, reason, endless }) => {
      if (endless) metrics.storageFailures.inc({ code: reason.code });
      end(metrics, metrics.tenants.of(tenant), "retry", null);
    },
  },
  "file.given_up": {
    level: "warning",
    message: "File quarantined: manage was killed during each of its attempts.",
    measure: ({ ingestFiles, tenants }, { tenant }) =>
      ingestFiles.inc({ tenant: tenants.of(tenant), outcome: "quarantined" }),
  },
  "file.cancelled": {
    level: "info",
    message: "File cancelled by an operator.",
    measure: (metrics, { tenant }) => end(metrics, metrics.tenants.of(tenant), "cancelled", null),
  },
  "file.released": {
    level: "info",
    message: "File returned to the queue.",
    measure: ({ running, tenants }, { tenant }) => running.dec({ tenant: tenants.of(tenant) }),
  },
  "file.slowed": {
    level: "info",
    message: "File takes long and makes room for others.",
    measure: ({ slowed, tenants }, { tenant }) => slowed.inc({ tenant: tenants.of(tenant) }),
  },
  "module.log": { level: "info", message: "Console output of a module." },
  "file.replayed": { level: "info", message: "File queued again." },
  "file.rows_hidden": {
    level: "warning",
    message: "Rows of a replayed file cannot be read: later changes hide them.",
  },
  "file.replay_failed": {
    level: "warning",
    message: "File cannot be loaded again.",
    repeats: ({ fileId, error }) => ({ key: fileId, text: error }),
  },
  "file.archive_expired": { level: "info", message: "Archived file deleted (retention)." },
  "file.quarantine_expired": { level: "info", message: "Quarantined file deleted (retention)." },
  "file.rejects_expired": { level: "info", message: "Rejects of a file deleted (retention)." },
  "file.record_expired": { level: "info", message: "File deleted from the ledger (retention)." },
  "limit.near": {
    level: "warning",
    message: "80 % of a limit is used.",
    measure: ({ nearLimits, tenants }, { tenant, limit }) =>
      nearLimits.inc({ tenant: tenants.of(tenant), limit }),
  },
  "metrics.lost": {
    level: "warning",
    message: "Could not write the metrics.",
    repeats: byError,
  },
  "disk.full": {
    level: "error",
    message: "Disk is full: files are refused and loads wait.",
    measure: ({ diskFull }) => diskFull.set(1),
  },
  "disk.free": {
    level: "info",
    message: "Disk has room again.",
    measure: ({ diskFull }) => diskFull.set(0),
  },
  "disk.unknown": { level: "error", message: "Could not check the disk.", repeats: byError },
  "disk.low": { level: "warning", message: "Disk is almost full." },
  "data.upgraded": { level: "info", message: "Data directory upgraded." },
  "sandbox.killed": {
    level: "warning",
    message: "Sandbox stopped by a limit.",
    measure: ({ sandboxKills, tenants }, { tenant, why }) =>
      sandboxKills.inc({ tenant: tenants.of(tenant), reason: why }),
  },
  "module.submitted": { level: "info", message: "Module submitted." },
  "module.deployed": { level: "info", message: "Module deployed." },
  "module.pending": { level: "info", message: "Module is valid and waits for approval." },
  "module.faulty": { level: "info", message: "Submitted module has faults." },
  "module.request_failed": {
    level: "error",
    message: "Could not check or approve a module.",
    repeats: ({ tenant, moduleVersion, error }) => ({
      key: `${tenant} ${moduleVersion}`,
      text: error,
    }),
  },
  "module.test_run_failed": {
    level: "error",
    message: "Could not run a module on a sample.",
    repeats: ({ tenant, moduleVersion, error }) => ({
      key: `${tenant} ${moduleVersion}`,
      text: error,
    }),
  },
  "module.rolled_back": {
    level: "warning",
    message: "Module version rolled back; the previous version is active.",
  },
  "clock.jumped": {
    level: "warning",
    message: "The clock jumped ahead, or the process did not run for days: nothing is deleted yet.",
    repeats: () => ({ key: "", text: "" }),
  },
  "problem.ended": { level: "info", message: "A problem has ended." },
  "config.reloaded": {
    level: "info",
    message: "Configuration reloaded.",
    measure: ({ configReloads }) => configReloads.inc({ outcome: "taken" }),
  },
  "config.refused": {
    level: "error",
    message: "New configuration is invalid; the previous configuration stays active.",
    measure: ({ configReloads }) => configReloads.inc({ outcome: "refused" }),
  },
};

/** Ends an attempt that began with `file.started`; the duration of a retried one is not counted. */
function end(metrics: Metrics, tenant: string, outcome: string, seconds: number | null): void {
  metrics.ingestFiles.inc({ tenant, outcome });
  metrics.running.dec({ tenant });
  if (seconds !== null) metrics.ingestSeconds.observe({ tenant }, seconds);
}
