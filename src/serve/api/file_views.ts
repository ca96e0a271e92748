import { z } from "zod";
import {
  FILE_STATES,
  type FileList,
  type FileView,
  type RejectList,
  type RejectView,
} from "../../protocol/file_view.ts";
import type { Intake } from "../../staging/intake.ts";
import type { ReceiptQuery, UploadReceipt, UploadReceipts } from "../../staging/upload_receipts.ts";
import type { ModuleStore } from "../../modules/store.ts";
import type { FileRecord, LedgerReader } from "../../storage/contract.ts";
import { fileVersions, ONLY_VERSION } from "../../storage/file_versions.ts";
import type { FileWaits } from "./file_waits.ts";
import { notFound } from "../http/problem_response.ts";

/** What is needed to show files of the ledger. */
export interface ViewDeps {
  ledger: LedgerReader;
  modules: { store: ModuleStore };
  waits: FileWaits;
}

/** The sources of a tenant's files. */
export interface FileDeps extends ViewDeps {
  receipts: UploadReceipts;
  /** Whether a file need not be sent again. */
  isCurrent: Intake["isCurrent"];
}

const limit = z.coerce.number().int().min(1).max(1000).default(100).describe(
  "The maximum number on a page.",
);
export const filesQuerySchema = z.object({
  name: z.string().transform((name) => name.normalize("NFC")).optional().describe(
    "Only files with this name.",
  ),
  sha256: z.string().toLowerCase().optional().describe("Only files with this content."),
  state: z.enum(FILE_STATES).optional().describe("Only files in this state."),
  after: z.string().toLowerCase().optional().describe("Only files older than the file of this id."),
  limit,
});
export const rejectsQuerySchema = z.object({
  after: z.coerce.number().int().nonnegative().default(0).describe(
    "The number of rejects to skip.",
  ),
  limit,
});

/**
 * A tenant's files, newest first, including those that `manage` has not seen yet. With `name` and
 * `sha256`, which ask whether a file has to be sent, only those are listed that make it unnecessary.
 */
export async function listFiles(
  deps: FileDeps,
  tenant: string,
  { state, ...query }: z.infer<typeof filesQuerySchema>,
): Promise<FileList> {
  const wanted = { ...query, tenant, limit: query.limit + 1 };
  const views = (await deps.ledger.list({ ...wanted, state })).map(viewOfRecord);
  const waiting = state === undefined || state === "received"
    ? await onlyReceived(deps, wanted, state !== undefined)
    : [];
  const found = [...views, ...waiting].sort((a, b) => a.id < b.id ? 1 : -1);
  const asksForContent = query.name !== undefined && query.sha256 !== undefined;
  const listed = asksForContent ? await currentOnes(deps, tenant, found) : found;
  const page = pageOf(listed, query.limit);
  return { ...page, files: await withContext(deps, page.files, () => tenant) };
}

async function currentOnes({ isCurrent }: FileDeps, tenant: string, files: FileView[]) {
  const areCurrent = await Promise.all(files.map((file) => isCurrent({ ...file, tenant })));
  return files.filter((_, index) => areCurrent[index]);
}

/** A page of items, newest first; `next` is the last id on it when there are more. */
export function pageOf<T extends { id: string }>(
  found: T[],
  limit: number,
): { files: T[]; next: string | null } {
  const files = found.slice(0, limit);
  return { files, next: found.length > limit ? files.at(-1)?.id ?? null : null };
}

/** A page of rejects with long texts has fewer, so that it stays small. */
const MAX_REJECT_CHARS = 512 * 1024;

/** A page of a file's rejects, in the order of their lines. */
export async function rejectsOf(
  ledger: LedgerReader,
  id: string,
  { after, limit }: z.infer<typeof rejectsQuerySchema>,
): Promise<RejectList> {
  const found = await ledger.rejects(id, after, limit + 1);
  const count = Math.min(limit, fitting(found));
  return { rejects: found.slice(0, count), next: found.length > count ? after + count : null };
}

/** How many of the rejects fit on a page; at least one. */
function fitting(rejects: readonly RejectView[]): number {
  let chars = 0;
  const end = rejects.findIndex(({ raw, reason }, index) => {
    chars += raw.length + reason.length;
    return chars > MAX_REJECT_CHARS && index > 0;
  });
  return end < 0 ? rejects.length : end;
}

/**
 * Returns a tenant's file. If the server already had the content of an upload, the upload's id
 * returns the earlier file.
 * @throws {Failure} `not-found`
 */
export async function fileOf(deps: FileDeps, tenant: string, id: string): Promise<FileView> {
  const receipt = deps.receipts.ofUpload(tenant, id);
  const record = await deps.ledger.get(receipt?.id ?? id);
  const view = record?.tenant === tenant ? viewOfRecord(record) : receipt && viewOfReceipt(receipt);
  if (!view) throw notFound(`file ${JSON.stringify(id)}`);
  return (await withContext(deps, [view], () => tenant))[0]!;
}

/**
 * Adds to views how the files are related to the other versions of their names, and what they wait
 * for.
 */
export async function withContext<View extends FileView>(
  { ledger, modules, waits }: ViewDeps,
  views: readonly View[],
  tenantOf: (view: View) => string,
): Promise<View[]> {
  const files = views.map((view) => ({ ...view, tenant: tenantOf(view) }));
  const found = await fileVersions(ledger, files, (tenant, version) => {
    return modules.store.versionsRule(tenant, version);
  });
  const waiting = new Map<string, FileView["waitingFor"]>();
  for (const [tenant, ones] of Map.groupBy(files, ({ tenant }) => tenant)) {
    const causes = await waits.of(tenant, ones);
    ones.forEach(({ id }, index) => waiting.set(id, causes[index] ?? null));
  }
  return views.map((view) => {
    return { ...view, ...found.get(view.id), waitingFor: waiting.get(view.id) ?? null };
  });
}

/**
 * Files that were received and are not in the ledger yet. `manage` adds files in the order of their
 * arrival: once a whole page is in the ledger, all older files are too.
 *
 * @param allPages continues with older files until a page of such files is full
 */
async function onlyReceived(
  { receipts, ledger }: FileDeps,
  query: ReceiptQuery,
  allPages: boolean,
): Promise<FileView[]> {
  const found: FileView[] = [];
  for (let after = query.after;;) {
    const page = receipts.list({ ...query, after });
    const before = found.length;
    for (const receipt of page) {
      if (await ledger.get(receipt.id) === null) found.push(viewOfReceipt(receipt));
    }
    const isLast = page.length < query.limit || found.length === before;
    if (!allPages || isLast || found.length >= query.limit) return found;
    after = page.at(-1)?.id;
  }
}

/** The view of a ledger record for its owner. */
export function viewOfRecord(record: FileRecord): FileView {
  const { tenant: _tenant, batch: _batch, ...shown } = record;
  return {
    ...shown,
    ...ONLY_VERSION,
    notices: [...shown.notices],
    waitingFor: null,
    receivedAt: isoTime(record.receivedAt),
    startedAt: isoTimeOrNull(record.startedAt),
    finishedAt: isoTimeOrNull(record.finishedAt),
    nextTryAt: isoTimeOrNull(record.nextTryAt),
  };
}

function viewOfReceipt(receipt: UploadReceipt): FileView {
  const { id, name, version, size, sha256 } = receipt;
  return {
    id,
    name,
    version,
    size,
    sha256,
    state: "received",
    attempts: 0,
    rows: { read: 0, stored: 0, rejected: 0, skipped: 0, written: 0, replaced: 0 },
    receivedAt: isoTime(receipt.receivedAt),
    startedAt: null,
    finishedAt: null,
    nextTryAt: null,
    seconds: null,
    moduleVersion: null,
    reason: null,
    notices: [],
    replacedBy: null,
    ...ONLY_VERSION,
    waitingFor: null,
  };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** A time in ISO 8601; null stays null. @param milliseconds since the epoch */
export function isoTimeOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : isoTime(milliseconds);
}
