import { Failure, messageOf } from "../base/failure.ts";
import type { Span } from "../base/tracing.ts";
import type { FileReason, RejectView, RowCounts } from "../protocol/file_view.ts";
import type { SandboxPool } from "../sandbox/host/sandbox_pool.ts";
import { ReceivedBytes } from "../staging/received_bytes.ts";
import type { FileRecord, Ledger, Load, Storage } from "../storage/contract.ts";
import type { DeployedModule } from "../modules/store.ts";
import { hostGate } from "../sandbox/host/host_gate.ts";
import { nothingStored } from "../sandbox/host/nothing_stored.ts";
import { OutputLimit } from "../sandbox/host/output_limit.ts";
import { Outbound } from "../sandbox/host/outbound.ts";
import type { RunPolicy } from "../sandbox/host/policy.ts";
import { Sandbox } from "../sandbox/host/sandbox.ts";
import { LINE_DIGITS, rowIds } from "../sandbox/wire/row_id.ts";
import { CANCELLED, giveUp } from "./cancel.ts";
import { hiddenNotices } from "./hidden_rows.ts";
import { NO_ROWS } from "./ledger.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { otherLoaded, refuseSuperseded, stayNotices } from "./versions.ts";
import { moduleRun } from "../modules/build/program_module.ts";

/** One attempt to load one file. */
interface Attempt {
  record: FileRecord;
  /** The path of its bytes in staging. */
  path: string;
  module: DeployedModule;
  limits: RunPolicy;
  /** An earlier attempt has started to write its rows, so it can only be completed. */
  begun: boolean;
}

interface IngestDeps {
  storage: Storage;
  sandboxes: SandboxPool;
  /** Ends the attempt when aborted. The file returns to the queue, unless the reason is `CANCELLED`. */
  signal: AbortSignal;
  /** Whether it starts in the slow lane. */
  isSlow: boolean;
  /** Receives the module's console output. */
  log: (text: string) => void;
  /** Throws if the disk has no room for rejects. */
  requireRoom: () => void;
  /** Called when the whole file is read and valid; only its rows remain to be written. */
  onDecided: () => void;
  /** The attempt's span. */
  span: Span;
}

/**
 * Loads a staged file through its tenant's module into the storage: all of it or nothing. Failures
 * become outcomes; it does not throw.
 */
export async function ingestFile(attempt: Attempt, deps: IngestDeps): Promise<Outcome> {
  const outcome = await attemptLoad(attempt, deps);
  const isOpen = outcome.type === "released" || outcome.type === "retry";
  if (!isOpen || deps.signal.reason !== CANCELLED) return outcome;
  // If the storage does not answer, the request stays until the file is looked at again.
  return await giveUp(attempt.record, deps.storage).catch(outcomeOf);
}

async function attemptLoad(attempt: Attempt, deps: IngestDeps): Promise<Outcome> {
  const { record, module } = attempt;
  const { tenant, id, receivedAt } = record;
  const { storage, span, signal } = deps;
  try {
    const receipt = await storage.receipt(tenant, id);
    const replaces = module.declaration.versions === "replace";
    const others = replaces ? await otherLoaded(storage.ledger, record) : [];
    // The process was killed after the commit of an earlier attempt, before the ledger was updated.
    if (receipt) {
      const notices = replaces ? stayNotices(record, others, receipt.replacedFiles) : [];
      return { type: "ingested", ...receipt, notices };
    }
    if (!attempt.begun) refuseSuperseded(record, others);
    const received = new ReceivedBytes(attempt.path, record);
    const fault = await received.faultOfSize();
    if (fault) return { type: "refused", reason: fault };
    await storage.ledger.clearRejects(id);
    const { tables } = attempt.limits;
    const { name, version, size: bytes } = record;
    const { replay } = record;
    const options = {
      ...{ receivedAt, bytes },
      ...(replaces && { replaces: { name, version } }),
      ...(replay && { replay }),
    };
    const begin = () => storage.begin(tenant, id, tables, options);
    const load = await traced(span, "storage begin", begin);
    try {
      const outcome = await runLoad(attempt, deps, load, tables, received);
      if (outcome.type !== "ingested") await load.abort();
      else {
        if (replaces) outcome.notices.push(...stayNotices(record, others, outcome.replacedFiles));
        outcome.notices.push(...hiddenNotices(record, outcome.readBack));
      }
      return attempt.begun ? await toBeCompleted(outcome, record, storage) : outcome;
    } catch (error) {
      await load.abort();
      throw error;
    }
  } catch (error) {
    return signal.aborted ? { type: "released" } : outcomeOf(error);
  }
}

/**
 * Rows are stored because an earlier attempt found the file valid: it cannot be quarantined, unless the
 * storage has refused one of them and removed the others.
 */
async function toBeCompleted(
  outcome: Outcome,
  { tenant, id }: FileRecord,
  storage: Storage,
): Promise<Outcome> {
  const isFailed = outcome.type === "quarantined" || outcome.type === "retry";
  if (!isFailed || await storage.begun(tenant, id) === null) return outcome;
  if (outcome.type === "retry") return { ...outcome, endless: true };
  const { reason } = outcome;
  const detail = reason.message;
  return { type: "retry", reason, lastReason: reason, detail, rows: null, endless: true };
}

async function runLoad(
  attempt: Attempt,
  deps: IngestDeps,
  load: Load,
  tables: DeployedModule["declaration"]["tables"],
  bytes: ReceivedBytes,
): Promise<Outcome> {
  const { record, module, limits } = attempt;
  const { storage, span, signal, log } = deps;
  const rejects = new RejectKeeper(record.id, storage.ledger, limits);
  const sandbox = deps.isSlow ? Sandbox.spawn() : deps.sandboxes.take();
  const output = new OutputLimit(limits.maxOutputBytes);
  const notices: string[] = [];
  const run = moduleRun(module, { name: record.name, open: () => bytes.read() }, limits, log);
  const stop = () => {
    run.kill();
    sandbox.kill();
    // A commit may wait, or send rows for hours.
    if (signal.reason === CANCELLED) void load.abort();
  };
  signal.addEventListener("abort", stop);
  try {
    signal.throwIfAborted();
    const seen = await traced(span, "sandbox and rows", () =>
      sandbox.ingest({
        ...run.job,
        fileName: record.name,
        sha256: record.sha256,
        ...module.declaration,
        tables,
        grants: limits.grants,
        limits,
        maxRecordChars: limits.maxRecordChars,
        maxInputBytes: limits.maxInputBytes,
        maxWholeBytes: limits.maxWholeBytes,
      }, {
        batch: (bytes) => {
          output.add(bytes.length);
          return load.write(bytes);
        },
        rejects: async (found) => {
          deps.requireRoom();
          await rejects.keep(found);
        },
        notices: (found) => notices.push(...found),
        log,
        answer: hostGate({
          permissions: limits.permissions,
          tables: module.declaration.tables,
          lookUp: (table, keys) => storage.lookup(record.tenant, table, keys),
          outbound: new Outbound(limits.outbound),
        }),
      }));
    signal.throwIfAborted();
    const written = await traced(span, "storage flush", () => load.flush());
    const fault = await bytes.fault();
    if (fault) return { type: "refused", reason: fault };
    const rows = checkedRows(seen, written, rejects.lines);
    if (rows.rejected > limits.rejectShare * rows.read) {
      return { ...tooManyRejects(rows, limits), notices };
    }
    const nothing = nothingStored(rows, module.declaration);
    if (nothing !== null) throw nothing;
    const result = { rows, moduleVersion: module.version };
    const commit = () => load.commit(result, deps.onDecided);
    const receipt = await traced(span, "storage commit", commit);
    return { type: "ingested", ...receipt, notices };
  } catch (error) {
    if (signal.aborted) return { type: "released" };
    const outcome = outcomeOf(error, rowsOfFailure(error, rejects.lines));
    if (outcome.type !== "quarantined") return outcome;
    // Changed bytes are a better reason than what they led to.
    const fault = await bytes.fault();
    if (fault) return { type: "refused", reason: fault };
    return { ...outcome, reason: withLine(outcome.reason, record.sha256), notices };
  } finally {
    signal.removeEventListener("abort", stop);
    await run.close();
  }
}

/** Adds the line of a record that a reason names by its `ctx.rowId`. */
function withLine({ code, message }: FileReason, sha256: string): FileReason {
  const id = new RegExp(`${rowIds(sha256)(0).slice(0, -LINE_DIGITS)}([0-9a-f]{${LINE_DIGITS}})`);
  const named = message.replace(id, (found, line) => `${found} (line ${parseInt(line, 16)})`);
  return { code, message: named };
}

/** Runs work in a child span. */
async function traced<T>(span: Span, name: string, work: () => Promise<T>): Promise<T> {
  const child = span.child(name);
  try {
    const result = await work();
    child.end();
    return result;
  } catch (error) {
    child.end(messageOf(error));
    throw error;
  }
}

function rowsOfFailure(error: unknown, rejected: number): RowCounts {
  const reported = error instanceof Failure ? Number(error.details["read"] ?? 0) : 0;
  return noneStored(Math.max(reported, rejected), rejected);
}

/** The counts of a failed file: records that were not rejected count as skipped. */
function noneStored(read: number, rejected: number): RowCounts {
  return { ...NO_ROWS, read, rejected, skipped: read - rejected };
}

/** Stores rejects in the ledger as they come. */
class RejectKeeper {
  readonly #id: string;
  readonly #ledger: Ledger;
  readonly #limits: Pick<RunPolicy, "maxRejectsKept" | "maxRejectChars">;
  #chars = 0;
  kept = 0;
  /** The lines of the kept rejects: what they count. */
  lines = 0;

  constructor(
    id: string,
    ledger: Ledger,
    limits: Pick<RunPolicy, "maxRejectsKept" | "maxRejectChars">,
  ) {
    this.#id = id;
    this.#ledger = ledger;
    this.#limits = limits;
  }

  /** @throws {Failure} `too-many-rejects` */
  async keep(found: RejectView[]): Promise<void> {
    const { maxRejectsKept, maxRejectChars } = this.#limits;
    const room = found.findIndex(({ reason, raw }) => {
      this.#chars += reason.length + raw.length;
      return this.#chars > maxRejectChars;
    });
    const kept = found.slice(
      0,
      Math.min(
        maxRejectsKept - this.kept,
        room < 0 ? found.length : room,
      ),
    );
    await this.#ledger.addRejects(this.#id, kept);
    this.kept += kept.length;
    for (const { lines = 1 } of kept) this.lines += lines;
    if (found.length === kept.length) return;
    const most = this.kept === maxRejectsKept
      ? `${maxRejectsKept} records were rejected (manage.max_rejects_kept)`
      : `${maxRejectChars / 1024 ** 2} MiB of records were rejected (manage.max_rejects_mb)`;
    throw new Failure("refused", "too-many-rejects", `Cannot load the file: more than ${most}`, {
      hint: "Check the first rejects: probably the whole file or the module is wrong.",
    });
  }
}

/**
 * The sandbox's counts, compared with what arrived.
 * @throws {Failure} `sandbox-forged`
 */
function checkedRows(seen: RowCounts, written: number, rejected: number): RowCounts {
  const addsUp = seen.read === seen.stored + seen.replaced + seen.rejected + seen.skipped;
  if (addsUp && seen.written === written && seen.rejected === rejected) return seen;
  throw new Failure(
    "refused",
    "sandbox-forged",
    `Cannot trust the sandbox: it reported ${seen.written} rows and ${seen.rejected} rejects, ` +
      `but ${written} and ${rejected} arrived`,
  );
}

function tooManyRejects(
  rows: RowCounts,
  { rejectShare }: RunPolicy,
): Extract<Outcome, { type: "quarantined" }> {
  const { read, rejected } = rows;
  const message = `${rejected} of ${read} records were rejected ` +
    `(${percent(rejected / read)}, limit: ${percent(rejectShare)})`;
  const reason = { code: "reject-share", message };
  return { type: "quarantined", reason, rows: noneStored(read, rejected) };
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(2))} %`;
}
