import { join } from "node:path";
import { Failure } from "../base/failure.ts";
import { statIfThere } from "../data/durable.ts";
import { createFileIds, isFileId } from "../data/file_id.ts";
import { handOff, type HandoffParts, type HandoffStep } from "./handoff.ts";
import { KeyedLock } from "./keyed_lock.ts";
import { isTenantName } from "../base/tenant_name.ts";
import { Layout, prepareData } from "../data/layout.ts";
import { isTemporary, removeIfOld } from "../data/leftovers.ts";
import { type UploadReceipt, UploadReceipts } from "./upload_receipts.ts";
import { lockServe, type ServeLock } from "../data/serve_lock.ts";
import { readSidecar } from "./sidecar.ts";
import type { Upload } from "./upload.ts";
import { Uploads, type UploadsOptions } from "./uploads.ts";

/** How a data directory takes files in. */
export interface IntakeOptions extends UploadsOptions {
  /** Milliseconds until an open batch takes no more files. @default 7 days */
  batchExpiryMs?: number;
  /** Milliseconds until a receipt is forgotten; asked each time. @default never */
  receiptExpiryMs?: () => number | null;
  /** Called after each step of a hand-off; for tests. */
  onStep?: (step: HandoffStep) => void;
}

/** A data directory, opened by the one process that takes files in. */
export interface Intake {
  readonly layout: Layout;
  readonly uploads: Uploads;
  readonly receipts: UploadReceipts;
  readonly nextId: () => string;
  /**
   * Hands a complete upload over to staging; see {@link handOff}. The caller holds the upload.
   * @throws {Failure} `sha256-mismatch`, `no-space`
   */
  finish(upload: Upload): Promise<UploadReceipt>;
  /** Drops what nobody went on with in time; says how many uploads. */
  expire(): Promise<number>;
  close(): void;
}

/**
 * Opens a data directory for taking files in, and first brings to an end what an earlier process
 * was killed in: receipts are written for files that lie in staging without one, and uploads that
 * were complete are handed over.
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
  await prepareData(layout);
  const now = options.now ?? Date.now;
  const onStep = options.onStep ?? (() => {});
  const lock = lockServe(layout);
  const receipts = openReceipts(layout, lock);
  const uploads = new Uploads(layout, options);
  const parts = { layout, uploads, receipts, names: new KeyedLock(), now, onStep };
  const close = () => {
    uploads.close();
    receipts.close();
    lock.release();
  };
  try {
    await uploads.load();
    await reconcile(parts);
  } catch (error) {
    close();
    throw error;
  }
  return {
    layout,
    uploads,
    receipts,
    nextId: createFileIds({ now }),
    finish: (upload) => handOff(parts, upload),
    async expire() {
      receipts.expireBatches(now() - (options.batchExpiryMs ?? 7 * 24 * 60 * 60 * 1000));
      const kept = options.receiptExpiryMs?.() ?? null;
      if (kept !== null) receipts.expire(now() - kept);
      await finishComplete(parts);
      return await uploads.expire();
    },
    close,
  };
}

function openReceipts(layout: Layout, lock: ServeLock): UploadReceipts {
  try {
    return UploadReceipts.open(layout.receipts);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function reconcile(parts: HandoffParts): Promise<void> {
  for await (const folder of Deno.readDir(parts.layout.shelf("staging"))) {
    if (folder.isDirectory && isTenantName(folder.name)) await reconcileTenant(parts, folder.name);
  }
  await finishComplete(parts);
}

/** Ends hand-offs that broke off. */
async function finishComplete(parts: HandoffParts): Promise<void> {
  for (const upload of parts.uploads.complete()) {
    try {
      await parts.uploads.hold(upload, () => handOff(parts, upload));
    } catch (error) {
      // A full disk, say: it is tried again at the next sweep, or when the client asks.
      if (!(error instanceof Failure)) throw error;
    }
  }
}

/** Writes missing receipts; removes records of files that never came, and half-written records. */
async function reconcileTenant(parts: HandoffParts, tenant: string): Promise<void> {
  const folder = parts.layout.tenantShelf("staging", tenant);
  for await (const entry of Deno.readDir(folder)) {
    const id = /^\.(.*)\.json$/.exec(entry.name)?.[1] ?? "";
    const isRecord = isFileId(id);
    if (isRecord && await reconcileFile(parts, tenant, id)) continue;
    if (isRecord || isTemporary(entry.name)) {
      await removeIfOld(join(folder, entry.name), parts.now());
    }
  }
}

/** Writes the receipt of a staged file; false where no file belongs to the record. */
async function reconcileFile(parts: HandoffParts, tenant: string, id: string): Promise<boolean> {
  const { layout, receipts, uploads } = parts;
  const record = await readSidecar(layout, "staging", tenant, id);
  const bytes = await statIfThere(layout.file("staging", tenant, id));
  if (bytes && record) receipts.insert({ ...record, uploadId: id });
  return bytes !== null || uploads.get(id) !== null;
}
