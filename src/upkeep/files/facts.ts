import { statIfThere } from "../../data/durable.ts";
import { isFileId } from "../../data/file_id.ts";
import { FILE_FOLDERS, type FileFolder, type Layout, tenantsIn } from "../../data/layout.ts";
import type { UploadReceipt, UploadReceipts } from "../../staging/upload_receipts.ts";
import type { FileRecord, LedgerReader } from "../../storage/contract.ts";

/** What ledger, upload receipts and folders say about one file. */
export interface FileFacts {
  tenant: string;
  id: string;
  record: FileRecord | null;
  receipt: UploadReceipt | null;
  /** The folders with its bytes, and those with its record. */
  bytes: readonly FileFolder[];
  sidecars: readonly FileFolder[];
}

export interface FactsDeps {
  layout: Layout;
  ledger: Pick<LedgerReader, "get" | "list">;
  /** Null when there are none. */
  receipts: UploadReceipts | null;
}

const PAGE = 1_000;

/**
 * Compares all files of a tenant, newest first, page by page. What it yields is a hint: files move
 * while they are listed, so look at each one again with {@link factsOf}. The memory is that of the names
 * in the tenant's folders.
 */
export async function* factsOfTenant(
  deps: FactsDeps,
  tenant: string,
): AsyncGenerator<FileFacts[]> {
  const places = await placesOf(deps.layout, tenant);
  const names = [...places.keys()].sort().reverse();
  let next = 0;
  let after: string | undefined;
  while (true) {
    const query = { tenant, limit: PAGE, ...(after !== undefined && { after }) };
    const records = new Map((await deps.ledger.list(query)).map((record) => [record.id, record]));
    const receipts = new Map(deps.receipts?.list(query).map((receipt) => [receipt.id, receipt]));
    const listed = names.slice(next, next + PAGE);
    // Each source is complete down to the last id of its page, if the page is full.
    const ends = [[...records.keys()], [...receipts.keys()], listed]
      .flatMap((ids) => ids.length === PAGE ? ids.at(-1)! : []);
    const end = ends.length === 0 ? null : ends.reduce((a, b) => a > b ? a : b);
    const isCovered = (id: string) => end === null || id >= end;
    const ids = new Set([...records.keys(), ...receipts.keys(), ...listed].filter(isCovered));
    next += listed.filter(isCovered).length;
    yield [...ids].sort().reverse().map((id) => ({
      tenant,
      id,
      record: records.get(id) ?? null,
      receipt: receipts.get(id) ?? null,
      ...foldersOf(places.get(id) ?? 0),
    }));
    if (end === null) return;
    after = end;
  }
}

/** The facts of one file, now. A file that is being moved is in one folder. */
export async function factsOf(deps: FactsDeps, tenant: string, id: string): Promise<FileFacts> {
  let { bytes, sidecars } = await lookAt(deps.layout, tenant, id);
  if (bytes.length !== 1) {
    const again = await lookAt(deps.layout, tenant, id);
    // In two folders only if it is there at both looks; gone only if it is gone at both.
    bytes = bytes.length === 0
      ? again.bytes
      : again.bytes.filter((folder) => again.bytes.length === 1 || bytes.includes(folder));
    sidecars = again.sidecars;
  }
  const record = await deps.ledger.get(id);
  return {
    tenant,
    id,
    record: record?.tenant === tenant ? record : null,
    receipt: deps.receipts?.ofUpload(tenant, id) ?? null,
    bytes,
    sidecars,
  };
}

/** The tenants with files. */
export async function tenantsWithFiles(layout: Layout): Promise<string[]> {
  const found = await Promise.all(FILE_FOLDERS.map((folder) => tenantsIn(layout, folder)));
  return [...new Set(found.flat())].sort();
}

/** Bits for bytes and records in each folder, by id. */
async function placesOf(layout: Layout, tenant: string): Promise<Map<string, number>> {
  const places = new Map<string, number>();
  for (const [index, folder] of FILE_FOLDERS.entries()) {
    for await (const name of fileNames(layout.tenantFolder(folder, tenant))) {
      const isBytes = isFileId(name);
      const id = isBytes ? name : /^\.?(.*)\.json$/.exec(name)?.[1] ?? "";
      if (!isFileId(id)) continue;
      const bit = 1 << (isBytes ? index : index + FILE_FOLDERS.length);
      places.set(id, (places.get(id) ?? 0) | bit);
    }
  }
  return places;
}

/** One by one: a list of a million entries takes ten times the memory of their names. */
async function* fileNames(folder: string): AsyncGenerator<string> {
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) if (isFile) yield name;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function foldersOf(bits: number): Pick<FileFacts, "bytes" | "sidecars"> {
  const has = (index: number) => (bits & (1 << index)) !== 0;
  return {
    bytes: FILE_FOLDERS.filter((_, index) => has(index)),
    sidecars: FILE_FOLDERS.filter((_, index) => has(index + FILE_FOLDERS.length)),
  };
}

async function lookAt(
  layout: Layout,
  tenant: string,
  id: string,
): Promise<Pick<FileFacts, "bytes" | "sidecars">> {
  const bytes: FileFolder[] = [];
  const sidecars: FileFolder[] = [];
  for (const folder of FILE_FOLDERS) {
    if ((await statIfThere(layout.file(folder, tenant, id)))?.isFile) bytes.push(folder);
    if (await statIfThere(layout.sidecar(folder, tenant, id))) sidecars.push(folder);
  }
  return { bytes, sidecars };
}
