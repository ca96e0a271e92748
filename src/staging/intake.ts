import { join } from "node:path";
import { systemClock } from "../base/clock.ts";
import { DiskState } from "../data/disk_state.ts";
import { listFolder, statIfThere } from "../data/durable.ts";
import { explainFullDisk } from "../data/free_space.ts";
import { createFileIds, isFileId } from "../data/file_id.ts";
import { FairTurns } from "./fair_turns.ts";
import { handOff, type HandoffDeps, type HandoffStep } from "./handoff.ts";
import { KeyedLock } from "./keyed_lock.ts";
import { Layout, prepareData, tenantsIn } from "../data/layout.ts";
import { type ClockJump, TrustedClock } from "../data/trusted_clock.ts";
import { isTemporary, removeIfOld } from "../data/leftovers.ts";
import {
  isCurrent,
  isPresent,
  type LoadedRows,
  type Mentioned,
  NO_ROWS_KNOWN,
} from "./presence.ts";
import { type UploadReceipt, UploadReceipts } from "./upload_receipts.ts";
import { lockServe } from "../data/serve_lock.ts";
import { readSidecar } from "./sidecar.ts";
import type { Upload } from "./upload.ts";
import { Uploads, type UploadsOptions } from "./uploads.ts";

type OnProblem = (path: string, error: unknown) => void;
/** The error is null when it worked. */
type OnHandoff = (path: string, error: unknown) => void;

export interface IntakeOptions extends Omit<UploadsOptions, "disk"> {
  /** Bytes of each disk that stay free. @default RESERVE_BYTES */
  reserveBytes?: number;
  /** What the storage knows of files. @default nothing: only bytes count */
  rows?: LoadedRows;
  /** Milliseconds until a batch expires. @default 7 days */
  batchExpiryMs?: number;
  /** Milliseconds until a receipt expires; asked each time. @default never */
  receiptExpiryMs?: () => number | null;
  /** Called when a complete upload that was left could not be handed over, or could. */
  onHandoff?: OnHandoff;
  /** Called at each expiry, with the jump of the clock while it is not trusted. */
  onClock?: (jump: ClockJump | null) => void;
  /** Milliseconds since any moment. @default the system's */
  monotonic?: () => number;
  /** Called for a file or folder that cannot be read or written; the others are handled. */
  onProblem?: OnProblem;
  /** Called after each step of a hand-off; for tests. */
  onStep?: (step: HandoffStep) => void;
}

/** A data directory, opened by the one process that receives files. */
export interface Intake {
  readonly layout: Layout;
  readonly uploads: Uploads;
  readonly receipts: UploadReceipts;
  /** Whether the disks of the data directory have room. */
  readonly disk: DiskState;
  readonly nextId: () => string;
  /**
   * Hands a complete upload over to staging; see {@link handOff}. The caller holds the upload.
   * @throws {Failure} `sha256-mismatch`, `no-space`, `too-busy`
   */
  finish(upload: Upload): Promise<UploadReceipt>;
  /**
   * Whether the server has a file that its records mention; see {@link isPresent}.
   * @throws {Failure} kind `storage`
   */
  has(file: Mentioned): Promise<boolean>;
  /**
   * Whether a file need not be sent again; see {@link isCurrent}.
   * @throws {Failure} kind `storage`
   */
  isCurrent(file: Mentioned): Promise<boolean>;
  /** Removes expired uploads, batches and receipts. @returns how many uploads */
  expire(): Promise<number>;
  close(): void;
}

/**
 * Opens a data directory for receiving files. It first completes what an earlier process left
 * unfinished: files in staging without a receipt get one, and complete uploads are handed over.
 *
 * @throws {Failure} `data-in-use`, `data-not-writable`
 *
 * @example
 * ```ts
 * import { openIntake } from "./intake.ts";
 * const intake = await openIntake("./mysimbdp-data");
 * intake.uploads.list("customer-1");
 * intake.close();
 * ```
 */
export async function openIntake(dataDir: string, options: IntakeOptions = {}): Promise<Intake> {
  const layout = new Layout(dataDir);
  prepareData(layout);
  const now = options.now ?? Date.now;
  const { onStep = () => {}, rows = NO_ROWS_KNOWN } = options;
  using stack = new DisposableStack();
  stack.adopt(lockServe(layout), (lock) => lock.release());
  const receipts = stack.use(UploadReceipts.open(layout.receipts));
  const disk = new DiskState({
    folders: layout.disks,
    root: layout.root,
    reserveBytes: options.reserveBytes,
    now,
  });
  const uploads = stack.adopt(new Uploads(layout, { ...options, disk }), (it) => it.close());
  const deps = { layout, uploads, receipts, rows, names: new KeyedLock(), now, onStep };
  const { monotonic = systemClock.monotonic } = options;
  const clock = new TrustedClock(layout.serveClock, { now, monotonic });
  const { onHandoff = () => {} } = options;
  await uploads.load();
  const { onProblem = () => {} } = options;
  await reconcile(deps, onProblem, onHandoff);
  const handoffs = new FairTurns();
  const opened = stack.move();
  return {
    layout,
    uploads,
    receipts,
    disk,
    nextId: createFileIds({ now }),
    finish: (upload) => handoffs.run(upload.info.tenant, () => handOff(deps, upload)),
    has: (file) => isPresent(deps, file),
    isCurrent: (file) => isCurrent(deps, file),
    async expire() {
      const jump = await clock.jump();
      options.onClock?.(jump);
      if (jump === null) {
        receipts.expireBatches(now() - (options.batchExpiryMs ?? 7 * 24 * 60 * 60 * 1000));
        const kept = options.receiptExpiryMs?.() ?? null;
        if (kept !== null) receipts.expire(now() - kept);
      }
      await finishComplete(deps, onHandoff);
      return await uploads.expire();
    },
    close: () => opened.dispose(),
  };
}

async function reconcile(
  deps: HandoffDeps,
  onProblem: OnProblem,
  onHandoff: OnHandoff,
): Promise<void> {
  for (const tenant of await tenantsIn(deps.layout, "staging")) {
    await reconcileTenant(deps, tenant, onProblem);
  }
  await finishComplete(deps, onHandoff);
}

/** Completes hand-offs that were interrupted; what fails is tried again at the next expiry. */
async function finishComplete(deps: HandoffDeps, onHandoff: OnHandoff): Promise<void> {
  for (const upload of deps.uploads.complete()) {
    const path = deps.layout.upload(upload.info.id);
    try {
      await deps.uploads.hold(upload, () => handOff(deps, upload));
      onHandoff(path, null);
    } catch (error) {
      // The full disk is reported by itself.
      if (explainFullDisk(error) === error) onHandoff(path, error);
    }
  }
}

/** Writes missing receipts; removes records without a file, and half-written records. */
async function reconcileTenant(
  deps: HandoffDeps,
  tenant: string,
  onProblem: OnProblem,
): Promise<void> {
  const folder = deps.layout.tenantFolder("staging", tenant);
  // What cannot be read, of one tenant, must not keep the server from starting for the others.
  try {
    for (const { name } of await listFolder(folder)) {
      await reconcileEntry(deps, tenant, name)
        .catch((error) => onProblem(join(folder, name), error));
    }
  } catch (error) {
    onProblem(folder, error);
  }
}

async function reconcileEntry(deps: HandoffDeps, tenant: string, name: string): Promise<void> {
  const id = /^\.(.*)\.json$/.exec(name)?.[1] ?? "";
  const isRecord = isFileId(id);
  if (isRecord && await reconcileFile(deps, tenant, id)) return;
  if (!isRecord && !isTemporary(name)) return;
  await removeIfOld(join(deps.layout.tenantFolder("staging", tenant), name), deps.now());
}

/** Writes the receipt of a staged file; false when the record has no file. */
async function reconcileFile(deps: HandoffDeps, tenant: string, id: string): Promise<boolean> {
  const { layout, receipts, uploads } = deps;
  const record = await readSidecar(layout, "staging", tenant, id);
  const bytes = await statIfThere(layout.file("staging", tenant, id));
  if (bytes && record) receipts.insert({ ...record, uploadId: id });
  return bytes !== null || uploads.get(id) !== null;
}
