import assert from "node:assert/strict";
import type { Client } from "cassandra-driver";
import { encodeBatch } from "../../src/batch/batch.ts";
import type { TableSpec } from "../../src/batch/column.ts";
import { ledgerKeyspace, tenantKeyspace } from "../../src/storage/cassandra/names.ts";
import { cassandraTombstones } from "../../src/storage/cassandra/storage.ts";
import { storageContract } from "../contracts/storage_contract.ts";
import { fileRecord, range, READINGS, receiptFor } from "../contracts/storage_fixtures.ts";
import { loadFile, TENANT } from "../contracts/storage_versions_contract.ts";
import { whyNoCassandra } from "../harness/cassandra.ts";
import { until } from "../harness/until.ts";
import { ArrivalModel } from "./cassandra_model.ts";
import { cassandraBackend, dropAll } from "./cassandra_backend.ts";

const ignore = await whyNoCassandra() !== null;
const EXTRA = { name: "extra", type: "text" as const };
storageContract("cassandra", cassandraBackend, { ignore, newModel: () => new ArrivalModel() });

Deno.test({
  name: "cassandra: files in state `rejected`, as earlier versions wrote it, become `refused`",
  ignore,
  async fn() {
    const backend = await cassandraBackend();
    const { client, settings } = backend;
    try {
      const record = fileRecord({ state: "quarantined" });
      const earlier = await backend.open();
      await earlier.ledger.insert(record);
      await client.execute(
        `UPDATE ${ledgerKeyspace(settings.namespace)}.files SET state = 'rejected'
         WHERE tenant = ? AND id = ? IF EXISTS`,
        [record.tenant, record.id],
        { prepare: true },
      );
      assert.equal((await earlier.ledger.get(record.id))?.state, "refused");
      await earlier.close();
      const storage = await backend.open();
      await storage.ready();
      const found = await storage.ledger.list({ state: "refused" });
      assert.deepEqual(found.map(({ id }) => id), [record.id]);
      await storage.close();
    } finally {
      await backend.remove();
    }
  },
});

Deno.test({
  name: "cassandra: a ledger of an earlier version gets the tables and columns that it lacks",
  ignore,
  async fn() {
    const backend = await cassandraBackend();
    const { client, settings } = backend;
    try {
      const keyspace = ledgerKeyspace(settings.namespace);
      const earlier = await backend.open();
      await loadFile(earlier, { id: "f1", days: [1] });
      await earlier.close();
      for (
        const cql of [
          `DROP TABLE ${keyspace}.file_claims`,
          `DROP TABLE ${keyspace}.load_keys`,
          `ALTER TABLE ${keyspace}.loads DROP (name, replaced_files)`,
          `ALTER TABLE ${keyspace}.files DROP (notices, replaced_by)`,
        ]
      ) await client.execute(cql);
      const storage = await backend.open();
      await storage.ready();
      assert.deepEqual((await storage.receipt(TENANT, "f1"))?.replacedFiles, []);
      await loadFile(storage, { id: "f2", name: "s.csv", version: 2, days: [2] });
      const third = { id: "f3", name: "s.csv", version: 3, days: [3] };
      assert.deepEqual((await loadFile(storage, third)).replacedFiles, ["f2"]);
      await storage.ledger.insert(fileRecord({ id: "f3", notices: ["a notice"] }));
      assert.deepEqual((await storage.ledger.get("f3"))?.notices, ["a notice"]);
      await storage.close();
    } finally {
      await backend.remove();
    }
  },
});

/** A table of an earlier program, whose rows have a null for each missing value. */
const WIDE: TableSpec = {
  name: "wide",
  columns: [
    { name: "p", type: "int" },
    { name: "id", type: "int" },
    ...Array.from({ length: 40 }, (_, n) => ({ name: `c${n}`, type: "int" as const })),
  ],
  partitionKey: ["p"],
  clusteringKey: ["id"],
};
const WIDE_ROWS = 6_000;
/** More than a node accepts in one read, in any page. */
const REMOVED_ROWS = 100_500;
const ROWS_A_BATCH = 1_500;

/** Runs a statement for each number below `count`, in batches of one partition. */
async function inBatches(client: Client, query: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += ROWS_A_BATCH) {
    const length = Math.min(ROWS_A_BATCH, count - from);
    const queries = Array.from({ length }, (_, i) => ({ query, params: [from + i] }));
    await client.batch(queries, { prepare: true, logged: false });
  }
}

function wideBatches(): Uint8Array[] {
  const values = WIDE.columns.map((_, c) => (id: number) => c === 0 ? 1 : c < 3 ? id : null);
  return Array.from({ length: WIDE_ROWS / ROWS_A_BATCH }, (_, b) => {
    const ids = Array.from({ length: ROWS_A_BATCH }, (_, i) => b * ROWS_A_BATCH + i);
    return encodeBatch(0, WIDE, values.map((valueOf) => ids.map(valueOf)), ids.length);
  });
}

Deno.test({
  name: "cassandra: a table that cannot be read for its tombstones can be when it is loaded again",
  ignore,
  async fn() {
    const backend = await cassandraBackend();
    const { client, settings } = backend;
    const storage = await backend.open();
    try {
      const keyspace = tenantKeyspace(settings.namespace, TENANT);
      const removed: TableSpec = { ...WIDE, name: "removed", columns: WIDE.columns.slice(0, 2) };
      await storage.ensureKeyspace(TENANT);
      await storage.ensureTables(TENANT, [WIDE, removed]);
      const nulls = WIDE.columns.slice(2).map(({ name }) => name);
      await inBatches(
        client,
        `INSERT INTO ${keyspace}.wide (p, id, ${nulls}) VALUES (1, ?, ${nulls.map(() => "null")})
         USING TIMESTAMP 1000000`,
        WIDE_ROWS,
      );
      await inBatches(
        client,
        `DELETE FROM ${keyspace}.removed WHERE p = 1 AND id = ?`,
        REMOVED_ROWS,
      );
      const select = `SELECT * FROM ${keyspace}.wide`;
      await assert.rejects(client.execute(select, [], { fetchSize: 5_000 }), { code: 0x1300 });
      const names = ["removed", "wide"].map((table) => `"${keyspace}"."${table}"`);
      assert.deepEqual(
        await cassandraTombstones(settings),
        names.map((table) => ({ table, tombstones: null })),
      );
      const counted = [{ table: "removed", rows: null }, { table: "wide", rows: WIDE_ROWS }];
      assert.deepEqual(await storage.countRows(TENANT), counted);

      const load = await storage.begin(TENANT, "01k0000000000000000000000b", [WIDE]);
      for (const batch of wideBatches()) await load.write(batch);
      await load.commit(receiptFor(WIDE_ROWS));
      const page = await client.execute(select, [], { fetchSize: 5_000 });
      assert.deepEqual([page.rows.length, page.info.warnings], [5_000, undefined]);
      const { id, c0, c1 } = page.rows[9]!;
      assert.deepEqual([id, c0, c1], [9, 9, null]);
      const left = await cassandraTombstones(settings);
      assert.deepEqual(left, [{ table: names[0], tombstones: null }]);
    } finally {
      await storage.close();
      await backend.remove();
    }
  },
});

/** Whether all nodes have built a view. */
async function isBuilt(client: Client, view: string): Promise<boolean> {
  const [keyspace, name] = view.replaceAll('"', "").split(".");
  const { rows } = await client.execute(
    "SELECT status FROM system_distributed.view_build_status WHERE keyspace_name = ? AND view_name = ?",
    [keyspace, name],
    { prepare: true },
  );
  return rows.length > 0 && rows.every(({ status }) => status === "SUCCESS");
}

Deno.test({
  name: "cassandra: a table may have views, indexes, static columns and options of the operator",
  ignore,
  async fn() {
    const backend = await cassandraBackend();
    const { client, settings } = backend;
    const keyspace = `"${tenantKeyspace(settings.namespace, TENANT)}"`;
    const table = `${keyspace}.${READINGS.name}`;
    const view = `${keyspace}.by_day`;
    const storage = await backend.open();
    try {
      await loadFile(storage, { id: "f1", name: "s.csv", days: range(0, 20) });
      await client.execute(
        `CREATE MATERIALIZED VIEW ${view} AS SELECT station, day, note FROM ${table}
         WHERE station IS NOT NULL AND day IS NOT NULL PRIMARY KEY (day, station)`,
      );
      // A change of its table would interrupt the build of the view.
      await until("the view is built", () => isBuilt(client, view));
      for (
        const cql of [
          `CREATE INDEX ON ${table} (note) USING 'sai'`,
          `CREATE INDEX ON ${table} (day)`,
          `ALTER TABLE ${table} ADD region text static`,
          `ALTER TABLE ${table} WITH gc_grace_seconds = 60
           AND compaction = {'class': 'UnifiedCompactionStrategy'}`,
        ]
      ) await client.execute(cql);
      await loadFile(storage, { id: "f2", name: "s.csv", version: 2, days: range(10, 30) });
      const wider = { ...READINGS, columns: [...READINGS.columns, EXTRA] };
      await storage.ensureTables(TENANT, [wider]);
      await loadFile(storage, { id: "f3", name: "s.csv", version: 3, days: range(15, 40) });
      const expected = range(15, 40).map((day) => [day, "f3"]);
      for (const from of [table, view, `${table} WHERE note = 'f3'`]) {
        const { rows } = await client.execute(`SELECT day, note FROM ${from}`);
        const found = rows.map(({ day, note }) => [day, note]).sort(([a], [b]) => a - b);
        assert.deepEqual(found, expected, from);
      }
      assert.deepEqual(await storage.countRows(TENANT), [
        { table: "notes", rows: 0 },
        { table: READINGS.name, rows: expected.length },
      ]);
    } finally {
      await client.execute(`DROP MATERIALIZED VIEW IF EXISTS ${view}`);
      await storage.close();
      await backend.remove();
    }
  },
});

Deno.test({ name: "cassandra: keyspaces and roles of the tests are dropped", ignore, fn: dropAll });
