import assert from "node:assert/strict";
import { Failure } from "../../src/base/failure.ts";
import { CassandraLedger } from "../../src/storage/cassandra/ledger.ts";
import { CassandraLedgerReader } from "../../src/storage/cassandra/ledger_reader.ts";
import { parseStorageUrl } from "../../src/storage/cassandra/settings.ts";
import { CassandraStorage } from "../../src/storage/cassandra/storage.ts";
import { newClient } from "../../src/storage/cassandra/session.ts";
import { fileRecord, READINGS } from "../contracts/storage_fixtures.ts";

/** Nothing listens on this port. */
const URL = "cassandra://user:secret@127.0.0.1:1?datacenter=datacenter1";
/** Methods that need no node. */
const LOCAL = new Set(["constructor", "close", "reclaim"]);
const RECORD = fileRecord({ id: "f1", tenant: "one", state: "ingested" });

/** Arguments of methods for which a tenant and a file's id are not enough. */
const ARGUMENTS: Record<string, unknown[]> = {
  ensureTables: ["one", [READINGS]],
  stored: ["one", ["f1"]],
  begin: ["one", "f1", [READINGS]],
  lookup: ["one", READINGS, [["a", "b"]]],
  insert: [RECORD],
  update: [RECORD, "running"],
  isAbandoned: [RECORD],
  addRejects: ["f1", [{ line: 1, column: null, reason: "r", raw: "" }]],
  markReplaced: ["one", ["f1"], "f2"],
  list: [{}],
  rejects: ["f1", 0, 10],
};

/** The public methods of a class that talk to the cluster. */
function methodsOf(prototype: object): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => typeof value === "function" && !LOCAL.has(name))
    .map(([name]) => name);
}

/** Those that only subclasses call; their callers convert the errors. */
const PROTECTED = new Set(["reading", "row", "tenantOf", "forgetTenant"]);

Deno.test("cassandra: without a node, every method of storage and ledger fails with a storage failure", async () => {
  const dir = await Deno.makeTempDir();
  const storage = new CassandraStorage(parseStorageUrl(URL, ""), dir, 1_000);
  const ledgerMethods = [CassandraLedger, CassandraLedgerReader]
    .flatMap(({ prototype }) => methodsOf(prototype)).filter((name) => !PROTECTED.has(name));
  try {
    for (
      const [target, names] of [
        [storage, methodsOf(CassandraStorage.prototype)],
        [storage.ledger, [...new Set(ledgerMethods)]],
      ] as const
    ) {
      for (const name of names) {
        const call = (target as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!;
        const failed = await Promise.resolve()
          .then(() => call.apply(target, ARGUMENTS[name] ?? ["one", "f1"]))
          .then(() => null, (error: unknown) => error);
        assert.ok(failed instanceof Failure, `${name}: ${failed}`);
        assert.deepEqual([failed.kind, failed.code], ["storage", "storage-unreachable"], name);
        assert.match(failed.message, /^Cannot /, name);
      }
    }
  } finally {
    await storage.close();
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("cassandra: two refreshes of a control connection at once do not end the process", async () => {
  const client = await newClient(parseStorageUrl(URL, "").connection, { user: "u", password: "p" });
  const { controlConnection: control } = client as unknown as {
    controlConnection: Record<"_refresh" | "_refreshControlConnection", () => Promise<void>>;
  };
  let attempts = 0;
  // The other refresh has just reset what this one set.
  control._refreshControlConnection = () => Promise.resolve(void attempts++);
  try {
    // The driver's timer calls this and awaits nothing.
    await control._refresh();
    assert.equal(attempts, 1);
  } finally {
    await client.shutdown();
  }
});
