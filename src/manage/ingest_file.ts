import { Failure, messageOf } from "../base/failure.ts";
import { NO_SPAN, type Span } from "../base/tracing.ts";
import type { RejectView, RowCounts } from "../protocol/file_view.ts";
import type { ProcessLimits } from "../sandbox/host/limits.ts";
import type { SandboxRows } from "../sandbox/host/sandbox.ts";
import type { SandboxPool } from "../sandbox/host/sandbox_pool.ts";
import type { FileRecord, Load, Storage } from "../storage/contract.ts";
import type { DeployedModule } from "../modules/store.ts";
import { grantsOf, hostGate, writableTables } from "../sandbox/host/host_gate.ts";
import { Outbound, type OutboundOptions } from "../sandbox/host/outbound.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { moduleRun } from "../modules/build/program_module.ts";

/** What a run may use, after the operator's caps. */
export interface RunLimits extends ProcessLimits {
  /** The share of rejected records above which a file is quarantined, 0 to 1. */
  rejectShare: number;
  /** The longest record, in characters. */
  maxRecordChars: number;
  /** The most bytes that a compressed file may grow to. */
  maxInputBytes: number;
  /** The most bytes of a file that can only be read as a whole. */
  maxWholeBytes: number;
  /** Rejects kept of one file; one more and it is quarantined. */
  maxRejectsKept: number;
  /** Bytes of encoded rows that the module may give. */
  maxOutputBytes: number;
  /** Of its requests over HTTP. */
  outbound: OutboundOptions;
}

/** One attempt at one file. */
interface Attempt {
  record: FileRecord;
  /** The staged file. */
  path: string;
  module: DeployedModule;
  limits: RunLimits;
  /** Its rows are being written since an earlier attempt: it can only be finished. */
  begun: boolean;
  /** Values of the operator's for this tenant. */
  secrets: Record<string, string>;
}

interface IngestParts {
  storage: Storage;
  sandboxes: SandboxPool;
  /** Ends the attempt when it is aborted: the file goes back into the queue. */
  signal: AbortSignal;
  /** Receives the lines that a module writes to its console. */
  log?: (text: string) => void;
  /** Told when the file is read and good, and what is left is to write its rows. */
  decided?: () => void;
  /** The step of a trace that the attempt is. @default none */
  span?: Span;
}

/**
 * Streams a staged file through its tenant's module into the storage: all of it or nothing.
 * It never throws for what can go wrong with a file: that is the outcome.
 */
export async function ingestFile(attempt: Attempt, parts: IngestParts): Promise<Outcome> {
  const { record, module } = attempt;
  const { storage } = parts;
  try {
    const receipt = await storage.receipt(record.tenant, record.id);
    // An earlier attempt was committed and the process killed before the ledger knew.
    if (receipt && record.attempts > 1) return { type: "ingested", ...receipt };
    // Before a first attempt it can only be from the life before a replay.
    if (receipt) await storage.forget(record.tenant, record.id);
    await storage.ledger.clearRejects(record.id);
    const tables = writableTables(module.declaration.tables, module.tenantJson.permissions);
    const { receivedAt } = record;
    const load = await traced(
      parts,
      "storage begin",
      () => storage.begin(record.tenant, record.id, tables, { receivedAt }),
    );
    try {
      const outcome = await runLoad(attempt, parts, load);
      if (outcome.type !== "ingested") await load.abort();
      return attempt.begun ? toBeFinished(outcome) : outcome;
    } catch (error) {
      await load.abort();
      throw error;
    }
  } catch (error) {
    return parts.signal.aborted ? { type: "released" } : outcomeOf(error);
  }
}

/** Rows of the file are in the storage already, because it was good: it cannot turn out bad. */
function toBeFinished(outcome: Outcome): Outcome {
  if (outcome.type !== "quarantined") return outcome;
  return { type: "retry", reason: outcome.reason, rows: null, endless: true };
}

async function runLoad(attempt: Attempt, parts: IngestParts, load: Load): Promise<Outcome> {
  const { record, module, limits } = attempt;
  const tables = writableTables(module.declaration.tables, module.tenantJson.permissions);
  const rejects = new RejectKeeper(record.id, parts.storage, limits.maxRejectsKept);
  const sandbox = parts.sandboxes.take();
  let outputBytes = 0;
  const file = { path: attempt.path, name: record.name };
  const run = moduleRun(module, file, limits, parts.log);
  const stop = () => {
    run.kill();
    sandbox.kill();
  };
  parts.signal.addEventListener("abort", stop);
  try {
    const seen = await traced(parts, "sandbox and rows", () =>
      sandbox.ingest({
        ...run.job,
        fileName: record.name,
        sha256: record.sha256,
        ...module.declaration,
        tables,
        grants: grantsOf(module.tenantJson.permissions, attempt.secrets),
        limits,
        maxRecordChars: limits.maxRecordChars,
        maxInputBytes: limits.maxInputBytes,
        maxWholeBytes: limits.maxWholeBytes,
      }, {
        batch: (bytes) => {
          outputBytes += bytes.length;
          if (outputBytes > limits.maxOutputBytes) throw tooMuchOutput(limits.maxOutputBytes);
          return load.write(bytes);
        },
        rejects: (found) => rejects.keep(found),
        log: parts.log,
        answer: hostGate({
          permissions: module.tenantJson.permissions,
          tables: module.declaration.tables,
          lookUp: (table, keys) => parts.storage.lookup(record.tenant, table, keys),
          outbound: new Outbound(limits.outbound),
        }),
      }));
    parts.signal.throwIfAborted();
    const written = await traced(parts, "storage flush", () => load.flush());
    const rows = agree(seen, written, rejects.kept);
    if (rows.rejected > limits.rejectShare * rows.read) return tooManyRejects(rows, limits);
    const receipt = { rows, moduleVersion: module.version };
    await traced(parts, "storage commit", () => load.commit(receipt, parts.decided));
    return { type: "ingested", rows, moduleVersion: module.version };
  } catch (error) {
    if (parts.signal.aborted) return { type: "released" };
    return outcomeOf(error, rowsBefore(error, rejects.kept));
  } finally {
    parts.signal.removeEventListener("abort", stop);
    await run.close();
  }
}

/** Does something as a step of the attempt's trace. */
async function traced<T>(
  { span = NO_SPAN }: IngestParts,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const inner = span.child(name);
  try {
    const result = await work();
    inner.end();
    return result;
  } catch (error) {
    inner.end(messageOf(error));
    throw error;
  }
}

/** The counts of a file that failed: what was not rejected was passed over, none of it stays. */
function rowsBefore(error: unknown, rejected: number): RowCounts {
  const told = error instanceof Failure ? Number(error.details["read"] ?? 0) : 0;
  const read = Math.max(told, rejected);
  return { read, stored: 0, rejected, skipped: read - rejected, written: 0, replaced: 0 };
}

function tooMuchOutput(most: number): Failure {
  const mb = Math.round(most / 1024 ** 2);
  return new Failure(
    "refused",
    "too-much-output",
    `Cannot ingest the file: its module gave more than ${mb} MB of rows`,
    {
      hint: "Give fewer rows for each record, or ask the platform for a higher max_output_ratio.",
    },
  );
}

/** Writes rejects to the ledger while they come. */
class RejectKeeper {
  readonly #id: string;
  readonly #storage: Storage;
  readonly #most: number;
  kept = 0;

  constructor(id: string, storage: Storage, most: number) {
    this.#id = id;
    this.#storage = storage;
    this.#most = most;
  }

  async keep(found: RejectView[]): Promise<void> {
    const room = this.#most - this.kept;
    await this.#storage.ledger.addRejects(this.#id, found.slice(0, room));
    this.kept += Math.min(room, found.length);
    if (found.length > room) {
      throw new Failure(
        "refused",
        "too-many-rejects",
        `Cannot ingest the file: more than ${this.#most} records were rejected`,
        {
          hint: "Look at the first of them; the file or the module is likely wrong as a whole.",
        },
      );
    }
  }
}

/** The sandbox's own sums count only if they are what arrived here. */
function agree(
  seen: SandboxRows,
  loaded: { written: number; replaced: number },
  rejected: number,
): RowCounts {
  const whole = seen.read === seen.stored + seen.rejected + seen.skipped;
  if (!whole || seen.written !== loaded.written || seen.rejected !== rejected) {
    throw new Failure(
      "refused",
      "sandbox-forged",
      `Cannot trust the sandbox: it says ${seen.written} rows and ${seen.rejected} rejects, ` +
        `${loaded.written} and ${rejected} arrived`,
    );
  }
  return { ...seen, replaced: loaded.replaced };
}

function tooManyRejects(rows: RowCounts, limits: RunLimits): Outcome {
  const share = (100 * rows.rejected / rows.read).toFixed(2);
  const most = (100 * limits.rejectShare).toFixed(2);
  const message =
    `${rows.rejected} of ${rows.read} records were rejected (${share} %, at most ${most} % may be)`;
  // None of its rows stay: those that were not rejected were passed over.
  const none = { ...rows, stored: 0, written: 0, replaced: 0, skipped: rows.read - rows.rejected };
  return { type: "quarantined", reason: { code: "reject-share", message }, rows: none };
}
