import type { DiskCause } from "../base/disk.ts";
import type { FileReason, RowCounts } from "../protocol/file_view.ts";
import type { ReplayOrder } from "../protocol/replay.ts";

/** The file that an event is about. */
interface OfFile {
  tenant: string;
  fileId: string;
  name: string;
}

/** The layers around modules. */
interface Layers {
  /** Innermost first. */
  layers: string;
  /** Why native programs cannot run, if they cannot. */
  noNativePrograms?: string;
  /** Why the kernel does not count each sandbox's memory, if it does not. */
  noControlGroups?: string;
}

/** How a request's body ended. */
export type BodyEnd = "whole" | "cut" | "stalled" | "interrupted" | "displaced";

/** Events of `serve`. An event never contains a secret: no password, token, hash, or URL with one. */
type ServeEvent =
  | { kind: "server.started"; listen: string; tls: boolean }
  | { kind: "server.stopping" }
  /** `address`, of the own network, sends headers of a proxy that is not trusted. Once a process. */
  | { kind: "proxy.untrusted"; address: string }
  /** A renewed certificate is served from now on; `expires` is a date. */
  | { kind: "tls.renewed"; path: string; name: string; expires: string }
  /** A renewed certificate cannot be used; the previous one is still served. */
  | { kind: "tls.refused"; path: string; error: string }
  /** The served certificate expires within 14 days, has expired (`days` < 0) or is not valid yet. */
  | { kind: "tls.expiring"; name: string; days: number; notBefore: string; expires: string }
  | {
    kind: "request.finished";
    method: string;
    route: string;
    status: number;
    seconds: number;
    tenant: string | null;
  }
  /** The platform's own fault, answered with 5xx. */
  | { kind: "request.failed"; method: string; route: string; code: string; error: string }
  /** A request without credentials; a browser's first one has none. */
  | { kind: "auth.required" }
  /** `tenant` is null unless it is the name of an account: people type passwords there. */
  | { kind: "auth.failed"; tenant: string | null; address: string; throttled: boolean }
  | { kind: "auth.rehashed"; tenant: string }
  | { kind: "auth.rehash_failed"; tenant: string; error: string }
  | { kind: "users.broken"; error: string }
  /** A file below `credentials/` has a fault: the account's tokens do not work, its password does. */
  | { kind: "credentials.broken"; error: string }
  /** A customer created or revoked an API token. */
  | {
    kind: "token.created" | "token.revoked";
    tenant: string;
    tokenId: string;
    name: string;
    scope: string;
  }
  /**
   * A tenant's file of constraints has faults. `inForce`: its previous content; its new one, if that
   * is clear; or none, and the tenant cannot upload.
   */
  | {
    kind: "constraints.faulty";
    tenant: string;
    error: string;
    inForce: "previous" | "new" | "none";
  }
  | { kind: "constraints.fixed"; tenant: string; path: string }
  /** An operator signed in while a full disk prevented the entry in the audit log. */
  | { kind: "audit.unwritten"; operator: string; address: string; action: string }
  /** Accounts in users.json that no tenant can have by the rule for names; they cannot sign in. */
  | { kind: "accounts.invalid_name"; names: string[] }
  | { kind: "upload.started"; tenant: string; uploadId: string; name: string; bytes: number }
  | (
    & { kind: "upload.finished"; uploadId: string; bytes: number; version: number; sha256: string }
    & OfFile
  )
  /** The server already had the file; the new bytes were deleted. */
  | ({ kind: "upload.duplicate"; uploadId: string; bytes: number } & OfFile)
  | { kind: "upload.terminated"; tenant: string; uploadId: string }
  /** The bytes of a request are durable, even if the connection broke off. */
  | { kind: "upload.received"; tenant: string; uploadId: string; bytes: number; ended: BodyEnd }
  | { kind: "request.refused"; tenant: string | null; code: string; status: number; detail: string }
  /** A customer submitted a module; `manage` will check it. */
  | { kind: "module.submitted"; tenant: string; moduleVersion: string; files: number }
  /** A complete upload could not be handed over to staging; it is tried again. */
  | { kind: "handoff.failed"; path: string; error: string }
  | { kind: "uploads.expired"; uploads: number };

/** Events of `manage`. */
type ManageEvent =
  /** `engine` is the scheme of the storage URL: the URL itself can contain a password. */
  | { kind: "manage.started"; engine: string; concurrency: number; once: boolean }
  | ({ kind: "sandbox.layers" } & Layers)
  /** The OS sandbox is not available; `why` is the reason. */
  | ({ kind: "sandbox.without_os"; why: string } & Layers)
  /** The start is over: files are loaded as they arrive. */
  | { kind: "manage.ready" }
  | { kind: "manage.draining"; running: number }
  | { kind: "manage.stopped"; running: number }
  /** File events were lost or the watch failed; the next scan finds the files. */
  | { kind: "watch.lost"; dir: string; error: string }
  /** Something in staging is not loaded; the error says why, and what to do. */
  | { kind: "staging.problem"; path: string; error: string }
  /** Somebody put a file into staging that still changes. */
  | { kind: "staging.writing"; path: string }
  /** `--once` did not wait any longer for a file that is still written. */
  | { kind: "staging.incomplete"; path: string }
  /** How many files in staging still change, and how many entries are not loaded. */
  | { kind: "staging.scanned"; writing: number; ignored: number }
  /** A file that somebody put into staging at `path` is at rest, and got an id. */
  | ({ kind: "file.adopted"; path: string } & OfFile)
  | { kind: "scan.failed"; dir: string; error: string }
  /** Records and disk disagreed about a file, and `manage` made them agree. */
  | (
    & { kind: "file.reconciled"; disagreement: string; found: string; done: string; hint: string }
    & OfFile
  )
  /** Nothing says which file the bytes at this path are. */
  | { kind: "file.unknown"; path: string }
  /** Records and disk could not be compared; the next check tries again. */
  | { kind: "reconcile.failed"; error: string }
  /** The ledger could not be read or written; the next scan picks the file up again. */
  | { kind: "ledger.failed"; code: string; error: string; fileId: string | null }
  | { kind: "retention.failed"; error: string }
  | { kind: "storage.waiting"; error: string }
  /** Emitted once per file, which waits for its tenant's module. */
  | ({ kind: "file.waiting"; why: string } & OfFile)
  | ({ kind: "file.started"; attempt: number; moduleVersion: string | null } & OfFile)
  | (
    & {
      kind: "file.ingested";
      /** Bytes. */
      size: number;
      rows: RowCounts;
      seconds: number;
      /** Milliseconds since the epoch. */
      finishedAt: number;
      /** Ids of the earlier versions of the file whose rows were removed. */
      replacedFiles: readonly string[];
    }
    & OfFile
  )
  | ({ kind: "file.refused"; rows: RowCounts; seconds: number; reason: FileReason } & OfFile)
  | (
    & {
      kind: "file.quarantined";
      rows: RowCounts;
      seconds: number;
      reason: FileReason;
      /** The error, if its text is only for the operator. */
      detail?: string;
    }
    & OfFile
  )
  | (
    & {
      kind: "file.retry";
      attempt: number;
      /** Milliseconds since the epoch. */
      nextTryAt: number;
      reason: FileReason;
      /** The error, whose text is only for the operator. */
      detail: string;
      /** The storage failed: the attempt does not count. */
      endless: boolean;
    }
    & OfFile
  )
  /** `manage` was killed during each of its attempts: it is quarantined. */
  | ({ kind: "file.given_up"; attempts: number; reason: FileReason } & OfFile)
  /** An operator ended it while it was being loaded. */
  | ({ kind: "file.cancelled"; reason: FileReason } & OfFile)
  /** The service is stopping: the file returns to the queue. */
  | ({ kind: "file.released" } & OfFile)
  /** It takes long and is in the slow lane now; `interrupted`: it starts again there later. */
  | ({ kind: "file.slowed"; seconds: number; interrupted: boolean } & OfFile)
  /** An operator had it loaded again on the dashboard; `loaded` says what the order means. */
  | ({ kind: "file.replayed"; order: ReplayOrder; loaded: string } & OfFile)
  /** After a replay, rows of a sample could not be read as they were written. */
  | ({ kind: "file.rows_hidden"; sampled: number; hidden: number; order: ReplayOrder } & OfFile)
  /** A file that an operator wanted to load again cannot be; or not yet, then it is tried again. */
  | { kind: "file.replay_failed"; fileId: string; error: string }
  /** A line that a module printed to its console. */
  | ({ kind: "module.log"; text: string } & OfFile)
  | ({ kind: "file.archive_expired" } & OfFile)
  | ({ kind: "file.quarantine_expired" } & OfFile)
  | ({ kind: "file.rejects_expired" } & OfFile)
  | ({ kind: "file.record_expired" } & OfFile)
  | ({ kind: "sandbox.killed"; why: "memory" | "time" | "output" | "protocol" } & OfFile)
  | { kind: "module.deployed"; tenant: string; moduleVersion: string; by: string }
  /** A submitted module is valid and waits for an operator's decision. */
  | { kind: "module.pending"; tenant: string; moduleVersion: string }
  | { kind: "module.faulty"; tenant: string; moduleVersion: string; faults: number }
  /** A module could not be checked or approved, which is not its fault; it is tried again. */
  | { kind: "module.request_failed"; tenant: string; moduleVersion: string; error: string }
  /** A test run failed, which is not the module's fault; it is tried again. */
  | { kind: "module.test_run_failed"; tenant: string; moduleVersion: string; error: string }
  | {
    kind: "module.rolled_back";
    tenant: string;
    moduleVersion: string;
    /** The version that runs now. */
    to: string;
    by: string;
    note: string;
    /** Ids of the files that failed, which can be replayed. */
    failed: string[];
  };

/** 80 % or more of a limit is used. */
type NearLimit = {
  kind: "limit.near";
  tenant: string;
  /** A constraint or a limit, such as `number_files` or `reject_share`. */
  limit: string;
  used: number;
  most: number;
};

/**
 * What failed works again. Ends a problem of a kind of event that repeats, by the key that
 * `reactions.ts` gives it; nothing is logged unless the problem was.
 */
type ProblemEnded = {
  kind: "problem.ended";
  problem: (ServeEvent | ManageEvent | CommonEvent)["kind"];
  key: string;
};

/** Events of both. */
type CommonEvent =
  /** A file that people write has a fault: constraints, accounts, secrets, or the record of a module. */
  | { kind: "data.faulty"; path: string; error: string }
  /** The clock is far ahead of what is expected, so nothing is deleted for a while. */
  | { kind: "clock.jumped"; aheadHours: number; holdHours: number }
  /** The data directory was upgraded; `backup` has the state before that. */
  | { kind: "data.upgraded"; from: number; to: number; backup: string }
  | NearLimit
  /** The metrics could not be written for `serve`; the next ones include them. */
  | { kind: "metrics.lost"; error: string }
  /** A disk of the data directory has no room: files are refused and loads wait until `disk.free`. */
  | {
    kind: "disk.full";
    cause: DiskCause;
    path: string;
    freeBytes: number;
    /** Bytes to free; 0 for other causes than `space`. */
    missingBytes: number;
    error: string;
    hint: string;
  }
  /** The free space could not be read. */
  | { kind: "disk.unknown"; error: string }
  /** There is room again; `seconds` is how long there was none. */
  | { kind: "disk.free"; freeBytes: number; seconds: number }
  /** The disk of the data directory is almost full. */
  | { kind: "disk.low"; path: string; usedShare: number; freeBytes: number }
  | { kind: "config.reloaded"; path: string | null }
  /** The previous configuration stays active. */
  | { kind: "config.refused"; error: string };

/** Something that happened: it gives one log record and its metrics, see `reactions.ts`. */
export type TelemetryEvent = ServeEvent | ManageEvent | CommonEvent | ProblemEnded;

/** Takes events as they happen; never throws. */
export type Emit = (event: TelemetryEvent) => void;

/** The event for a clock that is not trusted; the times are milliseconds. */
export function clockJumped(
  { aheadMs, holdMs }: { aheadMs: number; holdMs: number },
): TelemetryEvent {
  const hours = (ms: number) => Math.round(ms / 3_600_000);
  return { kind: "clock.jumped", aheadHours: hours(aheadMs), holdHours: hours(holdMs) };
}
