import { Failure } from "../base/failure.ts";
import { fsyncFile, fsyncFolder, orNull, removeIfThere, statIfThere } from "../data/durable.ts";
import { explainFullDisk } from "../data/free_space.ts";
import type { KeyedLock } from "./keyed_lock.ts";
import { isCurrent, type PresenceDeps } from "./presence.ts";
import type { ReceivedFile } from "../protocol/file_view.ts";
import type { UploadReceipt } from "./upload_receipts.ts";
import { findSidecar, type StagedFile, writeSidecar } from "./sidecar.ts";
import type { Upload } from "./upload.ts";
import type { Uploads } from "./uploads.ts";

/** The steps of a hand-off, in order; a process may die after each of them. */
export const HANDOFF_STEPS = [
  "synced",
  "hashed",
  "recorded",
  "linked",
  "visible",
  "received",
  "cleared",
] as const;
export type HandoffStep = (typeof HANDOFF_STEPS)[number];

export interface HandoffDeps extends PresenceDeps {
  uploads: Uploads;
  /** Serializes files with the same name, so that each gets its own version. */
  names: KeyedLock;
  now: () => number;
  /** Called after each step; tests throw here. */
  onStep: (step: HandoffStep) => void;
}

/**
 * Turns a complete upload into a staged file, exactly once, even if the process is killed:
 *
 * 1. make the bytes durable; 2. compare their SHA-256 with the customer's; 3. make the record
 * durable; 4. link the bytes into `staging/<tenant>/`, which never overwrites; 5. make the folder
 * durable; 6. make the receipt durable; 7. remove the upload. Only then the caller acknowledges it.
 *
 * After a crash it resumes at the step that was interrupted. An upload with the name and content of
 * an earlier one gets a receipt for the earlier file, if the server still has its bytes or its rows;
 * otherwise it takes the place of the earlier one. The caller holds the upload.
 *
 * @throws {Failure} `sha256-mismatch`, which also removes the upload; `no-space`; kind `storage`
 */
export async function handOff(deps: HandoffDeps, upload: Upload): Promise<UploadReceipt> {
  const { tenant, id } = upload.info;
  const receipt = deps.receipts.ofUpload(tenant, id) ?? await makeReceipt(deps, upload);
  deps.onStep("received");
  await deps.uploads.remove(upload);
  deps.onStep("cleared");
  return receipt;
}

async function makeReceipt(deps: HandoffDeps, upload: Upload): Promise<UploadReceipt> {
  const { tenant, id, name } = upload.info;
  await orNull(fsyncFile(deps.layout.upload(id)));
  deps.onStep("synced");
  const sha256 = await checkedSha256(deps, upload);
  deps.onStep("hashed");
  return await deps.names.run(`${tenant}/${name}`, () => place(deps, upload, sha256));
}

/** The hex SHA-256 of the bytes, if it matches the customer's. */
async function checkedSha256(deps: HandoffDeps, upload: Upload): Promise<string> {
  const earlier = await handedOverBefore(deps, upload);
  const actual = earlier?.sha256 ?? await deps.uploads.sha256(upload);
  const { sha256: expected, name } = upload.info;
  if (expected === null || expected === actual) return actual;
  await deps.uploads.remove(upload);
  const text = `Cannot accept "${name}": its SHA-256 is ${actual}, not ${expected}`;
  throw new Failure("refused", "sha256-mismatch", text, {
    hint: "The file changed while it was read or sent. Send it again.",
  });
}

async function place(deps: HandoffDeps, upload: Upload, sha256: string): Promise<UploadReceipt> {
  const { layout, receipts } = deps;
  const { id, tenant, name, length, batch, traceparent } = upload.info;
  await settleTwins(deps, upload);
  const earlier = await handedOverBefore(deps, upload);
  const recorded = await deps.rows.recorded(tenant, name, sha256);
  const twin = earlier ? null : await twinOf(deps, upload, sha256, recorded.same);
  const file: StagedFile = earlier ?? twin ?? {
    id,
    tenant,
    name,
    version: Math.max(receipts.nextVersion(tenant, name), (recorded.newest?.version ?? 0) + 1),
    size: length,
    sha256,
    batch,
    receivedAt: receipts.nextArrival(tenant, name, deps.now()),
    ...(traceparent !== undefined && { traceparent }),
  };
  if (!earlier && !twin) {
    await link(deps, file);
    deps.onStep("linked");
  }
  if (!twin) await fsyncFolder(layout.tenantFolder("staging", tenant));
  deps.onStep("visible");
  const receipt = { ...file, uploadId: id, batch, receivedAt: twin ? deps.now() : file.receivedAt };
  receipts.insert(receipt);
  return receipt;
}

/** The earlier file with this name and content; if it does not count any more, the upload takes its place. */
async function twinOf(
  deps: HandoffDeps,
  { info: { tenant, name, id } }: Upload,
  sha256: string,
  recorded: ReceivedFile | null,
): Promise<ReceivedFile | null> {
  const known = deps.receipts.same(tenant, name, sha256);
  const twin = known ?? recorded;
  if (twin === null || await isCurrent(deps, twin)) {
    // The receipts were restored from an older backup than the ledger.
    if (twin !== null && known === null) deps.receipts.insert({ ...twin, uploadId: twin.id });
    return twin;
  }
  if (known !== null) deps.receipts.replace(tenant, known.id, id);
  return null;
}

/** Writes the receipts of uploads with the same name whose hand-off failed after the link. */
async function settleTwins(deps: HandoffDeps, upload: Upload): Promise<void> {
  const { tenant, name } = upload.info;
  for (const other of deps.uploads.complete(tenant)) {
    if (other.info.name !== name) continue;
    const record = await handedOverBefore(deps, other);
    if (record) deps.receipts.insert({ ...record, uploadId: other.info.id });
  }
}

/** Writes the record and links the bytes into staging; after a failure neither is left alone. */
async function link(deps: HandoffDeps, file: StagedFile): Promise<void> {
  const { layout } = deps;
  try {
    await writeSidecar(layout, "staging", file);
    deps.onStep("recorded");
    await linkOnce(layout.upload(file.id), layout.file("staging", file.tenant, file.id));
  } catch (error) {
    const fullDisk = explainFullDisk(error);
    if (fullDisk !== error) await removeIfThere(layout.sidecar("staging", file.tenant, file.id));
    throw fullDisk;
  }
}

/** Links a file, unless it is linked already: its record was lost after an interrupted hand-off. */
async function linkOnce(from: string, to: string): Promise<void> {
  try {
    await Deno.link(from, to);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    const [source, target] = [await Deno.lstat(from), await Deno.lstat(to)];
    if (source.ino !== target.ino || source.dev !== target.dev) throw error;
  }
}

/** The record of a file whose process died between the link and the receipt. */
async function handedOverBefore(
  { layout }: HandoffDeps,
  upload: Upload,
): Promise<StagedFile | null> {
  const { tenant, id } = upload.info;
  const stat = await statIfThere(layout.upload(id));
  // Without a record it is handed over again, under the same id: the ledger knows whether it is loaded.
  return stat?.nlink === 1 ? null : await findSidecar(layout, tenant, id);
}
