/**
 * Loads one version of a file into Cassandra as `manage` would, until it is loaded or refused:
 * `load_version.ts JSON`. An earlier process with the same file may have been killed. Prints
 * "committing" before each commit and how it ended.
 */
import { Failure } from "../../src/base/failure.ts";
import { systemClock } from "../../src/base/clock.ts";
import { encodeBatch } from "../../src/batch/batch.ts";
import type { TableSpec } from "../../src/batch/column.ts";
import { isFinal } from "../../src/protocol/file_view.ts";
import { parseStorageUrl } from "../../src/storage/cassandra/settings.ts";
import { CassandraStorage } from "../../src/storage/cassandra/storage.ts";
import type { FileRecord } from "../../src/storage/contract.ts";
import { fileRecord, receiptFor } from "../contracts/storage_fixtures.ts";

/** Without a clustering key each batch is a chunk, so that a kill can happen between chunks. */
export const ITEMS: TableSpec = {
  name: "items",
  columns: [
    { name: "id", type: "int" },
    { name: "version", type: "int" },
    { name: "note", type: "text" },
  ],
  partitionKey: ["id"],
  clusteringKey: [],
};
/** An index does not accept it (`sai_string_term_size_fail_threshold`). */
const TOO_LONG = "x".repeat(9_000);
const BATCH_ROWS = 100;
const LEASE_MS = 2_000;
const RETRY_MS = 100;

/** A version with the ids from `from` to below `to`. */
export interface VersionToLoad {
  url: string;
  dir: string;
  tenant: string;
  fileId: string;
  name: string;
  version: number;
  from: number;
  to: number;
  receivedAt: number;
  /** The id of a row that an index on the notes does not accept; null if there is none. */
  refused: number | null;
}

async function attempt(storage: CassandraStorage, file: VersionToLoad): Promise<void> {
  const { tenant, fileId, name, version, from, to, receivedAt, refused } = file;
  if (await storage.receipt(tenant, fileId)) return;
  const options = { receivedAt, replaces: { name, version } };
  const load = await storage.begin(tenant, fileId, [ITEMS], options);
  try {
    for (let at = from; at < to; at += BATCH_ROWS) {
      const ids = Array.from({ length: Math.min(BATCH_ROWS, to - at) }, (_, i) => at + i);
      const notes = ids.map((id) => id === refused ? TOO_LONG : "");
      await load.write(encodeBatch(0, ITEMS, [ids, ids.map(() => version), notes], ids.length));
    }
    console.log("committing");
    const { replacedFiles } = await load.commit(receiptFor(to - from));
    console.log(`replaced ${JSON.stringify(replacedFiles)}`);
  } finally {
    await load.abort();
  }
}

/** The file's record once this process may load it; null if it has ended. */
async function claimed(storage: CassandraStorage, file: VersionToLoad): Promise<FileRecord | null> {
  const { fileId: id, tenant, name, version, receivedAt } = file;
  const { ledger } = storage;
  await ledger.insert(fileRecord({ id, tenant, name, version, receivedAt, state: "queued" }));
  for (;;) {
    const found = (await ledger.get(id))!;
    if (found.state === "queued") {
      const running: FileRecord = { ...found, state: "running" };
      await ledger.update(running, "queued");
      return running;
    }
    if (isFinal(found.state)) return null;
    if (found.state === "running" && await ledger.isAbandoned(found)) {
      await ledger.update({ ...found, state: "queued" }, "running");
    } else await systemClock.sleep(RETRY_MS);
  }
}

async function load(file: VersionToLoad): Promise<string> {
  const storage = new CassandraStorage(parseStorageUrl(file.url, ""), file.dir, LEASE_MS);
  try {
    for (;;) {
      const record = await claimed(storage, file);
      if (record === null) return "loaded";
      try {
        await attempt(storage, file);
        await storage.ledger.update({ ...record, state: "ingested" }, "running");
        return "loaded";
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        console.log(`${error.code}: ${error.message}`);
        if (error.kind === "refused") {
          await storage.ledger.update({ ...record, state: "quarantined" }, "running");
          return error.code;
        }
        if (error.kind !== "storage") throw error;
        await storage.ledger.update({ ...record, state: "queued" }, "running");
        await systemClock.sleep(RETRY_MS);
      }
    }
  } finally {
    await storage.close();
  }
}

if (import.meta.main) console.log(await load(JSON.parse(Deno.args[0] ?? "")));
