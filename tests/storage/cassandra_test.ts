import assert from "node:assert/strict";
import { ledgerKeyspace } from "../../src/storage/cassandra/names.ts";
import { storageContract } from "../contracts/storage_contract.ts";
import { fileRecord } from "../contracts/storage_fixtures.ts";
import { loadFile, TENANT } from "../contracts/storage_versions_contract.ts";
import { whyNoCassandra } from "../harness/cassandra.ts";
import { ArrivalModel } from "./cassandra_model.ts";
import { cassandraBackend, dropAll } from "./cassandra_backend.ts";

const ignore = await whyNoCassandra() !== null;
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

Deno.test({ name: "cassandra: keyspaces and roles of the tests are dropped", ignore, fn: dropAll });
