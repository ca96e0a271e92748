import { Failure } from "../base/failure.ts";
import type { StagedFile } from "./contract.ts";
import { fsyncFile, fsyncFolder, removeIfThere } from "../data/durable.ts";
import { explainFullDisk } from "../data/free_space.ts";
import type { KeyedLock } from "./keyed_lock.ts";
import type { Layout } from "../data/layout.ts";
import type { UploadReceipt, UploadReceipts } from "./upload_receipts.ts";
import { findSidecar, writeSidecar } from "./sidecar.ts";
import type { Upload } from "./upload.ts";
import type { Uploads } from "./uploads.ts";

/** The points of a hand-off between which a process may die, in order. */
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

/** What a hand-off works on. */
export interface HandoffParts {
  layout: Layout;
  uploads: Uploads;
  receipts: UploadReceipts;
  /** Makes files of one name take turns, so that each gets its own version. */
  names: KeyedLock;
  now: () => number;
  /** Called after each step; a test dies here. */
  onStep: (step: HandoffStep) => void;
}

/**
 * Turns a complete upload into a staged file, once, whatever is killed when:
 *
 * 1. the bytes are durable; 2. their SHA-256 is what the customer said; 3. the record is durable;
 * 4. the bytes are linked into `staging/<tenant>/`, which never overwrites; 5. the folder is
 * durable; 6. the receipt is durable; 7. the upload is gone. The caller acknowledges after that.
 *
 * Run again after a crash, it goes on from where it stood. The same name and content a second time
 * becomes a receipt for the first file. The caller holds the upload.
 *
 * @throws {Failure} `sha256-mismatch`, after which the upload is gone; `no-space`
 */
export async function handOff(parts: HandoffParts, upload: Upload): Promise<UploadReceipt> {
  const { tenant, id } = upload.info;
  const receipt = parts.receipts.ofUpload(tenant, id) ?? await makeReceipt(parts, upload);
  parts.onStep("received");
  await parts.uploads.remove(upload);
  parts.onStep("cleared");
  return receipt;
}

async function makeReceipt(parts: HandoffParts, upload: Upload): Promise<UploadReceipt> {
  const { tenant, id, name } = upload.info;
  await fsyncFile(parts.layout.upload(id));
  parts.onStep("synced");
  const sha256 = await checkedSha256(parts, upload);
  parts.onStep("hashed");
  return await parts.names.run(`${tenant}/${name}`, () => place(parts, upload, sha256));
}

/** The hex SHA-256 of the bytes, if it is what the customer said. */
async function checkedSha256(parts: HandoffParts, upload: Upload): Promise<string> {
  const actual = await parts.uploads.sha256(upload);
  const { sha256: said, name } = upload.info;
  if (said === null || said === actual) return actual;
  await parts.uploads.remove(upload);
  throw new Failure(
    "refused",
    "sha256-mismatch",
    `Cannot accept "${name}": its SHA-256 is ${actual}, not ${said}`,
    { hint: "The file changed on its way or while it was read: send it again." },
  );
}

async function place(parts: HandoffParts, upload: Upload, sha256: string): Promise<UploadReceipt> {
  const { layout, receipts } = parts;
  const { id, tenant, name, length, batch, traceparent } = upload.info;
  await settleTwins(parts, upload);
  const earlier = await handedOverBefore(parts, upload);
  const twin = earlier ? null : receipts.same(tenant, name, sha256);
  const file: StagedFile = earlier ?? twin ?? {
    id,
    tenant,
    name,
    version: receipts.nextVersion(tenant, name),
    size: length,
    sha256,
    batch,
    receivedAt: parts.now(),
    ...(traceparent !== undefined && { traceparent }),
  };
  if (!earlier && !twin) {
    await link(parts, file);
    parts.onStep("linked");
  }
  if (!twin) await fsyncFolder(layout.tenantShelf("staging", tenant));
  parts.onStep("visible");
  const receipt = {
    ...file,
    uploadId: id,
    batch,
    receivedAt: twin ? parts.now() : file.receivedAt,
  };
  receipts.insert(receipt);
  return receipt;
}

/** Writes the receipts of uploads of the same name whose hand-off failed after the link. */
async function settleTwins(parts: HandoffParts, upload: Upload): Promise<void> {
  const { tenant, name } = upload.info;
  for (const other of parts.uploads.complete()) {
    if (other.info.tenant !== tenant || other.info.name !== name) continue;
    const record = await handedOverBefore(parts, other);
    if (record) parts.receipts.insert({ ...record, uploadId: other.info.id });
  }
}

/** Makes the bytes appear in staging beside their record; neither stays without the other. */
async function link(parts: HandoffParts, file: StagedFile): Promise<void> {
  const { layout } = parts;
  try {
    await writeSidecar(layout, "staging", file);
    parts.onStep("recorded");
    await Deno.link(layout.upload(file.id), layout.file("staging", file.tenant, file.id));
  } catch (error) {
    const fullDisk = explainFullDisk(error);
    if (fullDisk !== error) await removeIfThere(layout.sidecar("staging", file.tenant, file.id));
    throw fullDisk;
  }
}

/** The record of a file that a process linked and then died before it wrote the receipt. */
async function handedOverBefore(
  { layout }: HandoffParts,
  upload: Upload,
): Promise<StagedFile | null> {
  const { tenant, id } = upload.info;
  const stat = await Deno.lstat(layout.upload(id));
  if ((stat.nlink ?? 1) === 1) return null;
  const record = await findSidecar(layout, tenant, id);
  if (record) return record;
  // Handing it over again could load it twice; an operator has to look.
  throw new Failure("internal", "record-lost", `Cannot find the record of the file "${id}"`);
}
