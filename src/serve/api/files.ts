import { z } from "zod";
import {
  FILE_STATES,
  type FileList,
  type FileView,
  type RejectList,
} from "../../protocol/file_view.ts";
import type { ReceiptQuery, UploadReceipt, UploadReceipts } from "../../staging/upload_receipts.ts";
import type { FileRecord, LedgerReader } from "../../storage/contract.ts";
import type { AppContext, AppHandler } from "../http/env.ts";
import { notFound } from "../http/problem_response.ts";
import { parseQuery } from "../http/query.ts";
import { rejectsCsv } from "./rejects_csv.ts";

/** Where files are looked up. */
export interface FileSources {
  receipts: UploadReceipts;
  ledger: LedgerReader;
}

const limit = z.coerce.number().int().min(1).max(1000).default(100).describe("The most on a page.");
/** The query of `GET /v1/files`. */
export const listQuerySchema = z.object({
  name: z.string().transform((name) => name.normalize("NFC")).optional().describe(
    "Only files of this name.",
  ),
  sha256: z.string().toLowerCase().optional().describe("Only files with this content."),
  state: z.enum(FILE_STATES).optional().describe("Only files in this state."),
  after: z.string().toLowerCase().optional().describe("Files that are older than this id."),
  limit,
});
/** The query of `GET /v1/files/:id/rejects`. */
export const rejectsQuerySchema = z.object({
  after: z.coerce.number().int().nonnegative().default(0).describe("How many to pass over."),
  limit,
});

/** `GET /v1/files`: the caller's files, newest first, also those that were not looked at yet. */
export function listFiles(sources: FileSources): AppHandler {
  return async (c) => {
    const { state, ...query } = parseQuery(c, listQuerySchema);
    const asked = { ...query, tenant: c.get("tenant"), limit: query.limit + 1 };
    const views = (await sources.ledger.list({ ...asked, state })).map(viewOfRecord);
    const isWanted = state === undefined || state === "received";
    const waiting = isWanted ? await onlyReceived(sources, asked, state !== undefined) : [];
    const all = [...views, ...waiting].sort((a, b) => a.id < b.id ? 1 : -1);
    const files = all.slice(0, query.limit);
    const next = all.length > query.limit ? files.at(-1)?.id ?? null : null;
    return c.json({ files, next } satisfies FileList);
  };
}

/** `GET /v1/files/:id` */
export function showFile(sources: FileSources): AppHandler {
  return async (c) => c.json(await ownFile(c, sources));
}

/** `GET /v1/files/:id/rejects`: what was not stored, in the order of its lines. */
export function listRejects(sources: FileSources): AppHandler {
  return async (c) => await rejectsPage(c, sources.ledger, (await ownFile(c, sources)).id);
}

/** `GET /v1/files/:id/rejects.csv` */
export function downloadRejects(sources: FileSources): AppHandler {
  return async (c) => rejectsCsv(c, sources.ledger, await ownFile(c, sources));
}

/** A page of a file's rejects. */
export async function rejectsPage(
  c: AppContext,
  ledger: LedgerReader,
  id: string,
): Promise<Response> {
  const { after, limit } = parseQuery(c, rejectsQuerySchema);
  const found = await ledger.rejects(id, after, limit + 1);
  const next = found.length > limit ? after + limit : null;
  return c.json({ rejects: found.slice(0, limit), next } satisfies RejectList);
}

/** The caller's file; the id of an upload that brought known content leads to the earlier file. */
export async function ownFile(
  c: AppContext,
  { receipts, ledger }: FileSources,
): Promise<FileView> {
  const tenant = c.get("tenant");
  const asked = c.req.param("id") ?? "";
  const receipt = receipts.ofUpload(tenant, asked);
  const record = await ledger.get(receipt?.id ?? asked);
  if (record?.tenant === tenant) return viewOfRecord(record);
  if (!receipt) throw notFound(c.req.path);
  return viewOfReceipt(receipt);
}

/**
 * Files that were received and are not in the ledger yet. Files get into it in the order of their
 * arrival: once a whole page is known there, the older ones are too.
 *
 * @param allPages goes on to older files until there are enough for a page of such files alone
 */
async function onlyReceived(
  { receipts, ledger }: FileSources,
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

/** A record of the ledger as its owner sees it. */
export function viewOfRecord(record: FileRecord): FileView {
  const { tenant: _tenant, batch: _batch, ...shown } = record;
  return {
    ...shown,
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
  };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function isoTimeOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : isoTime(milliseconds);
}
