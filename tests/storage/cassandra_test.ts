import assert from "node:assert/strict";
import { ledgerKeyspace } from "../../src/storage/cassandra/names.ts";
import { storageContract } from "../contracts/storage_contract.ts";
import { fileRecord } from "../contracts/storage_fixtures.ts";
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

Deno.test({ name: "cassandra: keyspaces and roles of the tests are dropped", ignore, fn: dropAll });
