import assert from "node:assert/strict";
import { Failure } from "../../src/base/failure.ts";
import { encodeBatch } from "../../src/batch/batch.ts";
import type { TableSpec, Value } from "../../src/batch/column.ts";
import { tenantKeyspace } from "../../src/storage/cassandra/names.ts";
import { ChunkSender } from "../../src/storage/cassandra/write/sender.ts";
import type { LoadReceipt, Storage } from "../../src/storage/contract.ts";
import { code, range, receiptFor } from "../contracts/storage_fixtures.ts";
import { whyNoCassandra } from "../harness/cassandra.ts";
import { until } from "../harness/until.ts";
import { type CassandraBackend, cassandraBackend, dropAll } from "./cassandra_backend.ts";

const ignore = await whyNoCassandra() !== null;
const TENANT = "customer-1";
/** Without a clustering key each batch is a chunk. */
const ITEMS: TableSpec = {
  name: "items",
  columns: [
    { name: "id", type: "int" },
    { name: "file", type: "ascii" },
    { name: "note", type: "text" },
  ],
  partitionKey: ["id"],
  clusteringKey: [],
};
const BATCH_ROWS = 200;
/** A schema change of three nodes on a busy machine takes seconds. */
const SLOW_MS = 60_000;
/** Longer than the terms that an index accepts by default (`sai_string_term_size_fail_threshold`). */
const TOO_LONG = "x".repeat(9_000);

interface Given {
  id: string;
  ids: number[];
  /** The id of the row that the cluster refuses. */
  refused?: number;
  tables?: TableSpec[];
  replaces?: { name: string; version: number };
}

/** The rows of all tests are in one keyspace, because creating one takes a second. */
class Scene implements AsyncDisposable {
  readonly #backend: CassandraBackend;
  readonly storage: Storage;

  private constructor(backend: CassandraBackend, storage: Storage) {
    this.#backend = backend;
    this.storage = storage;
  }

  static async open(): Promise<Scene> {
    const backend = await cassandraBackend();
    const scene = new Scene(backend, await backend.open());
    await scene.storage.ensureKeyspace(TENANT);
    await scene.storage.ensureTables(TENANT, [ITEMS]);
    await scene.run("CREATE INDEX IF NOT EXISTS ON items (note) USING 'sai'");
    return scene;
  }

  /** Drops the table and creates it again. */
  async recreate(): Promise<void> {
    await this.run("DROP TABLE items");
    await this.run("CREATE TABLE items (id int PRIMARY KEY, file ascii, note text)");
  }

  async run(cql: string): Promise<Record<string, unknown>[]> {
    const { client, settings } = this.#backend;
    const keyspace = tenantKeyspace(settings.namespace, TENANT);
    const named = cql.replace(/ (items)\b/, ` "${keyspace}".$1`).replace(
      "KEYSPACE",
      `KEYSPACE "${keyspace}"`,
    );
    const options = { fetchSize: 100_000, readTimeout: SLOW_MS };
    return (await client.execute(named, [], options)).rows;
  }

  async load({ id, ids, refused, tables = [ITEMS], replaces }: Given): Promise<LoadReceipt> {
    const load = await this.storage.begin(TENANT, id, tables, { ...(replaces && { replaces }) });
    try {
      for (let at = 0; at < ids.length; at += BATCH_ROWS) {
        const some = ids.slice(at, at + BATCH_ROWS);
        const notes = some.map((each) => each === refused ? TOO_LONG : "a note");
        await load.write(encodeBatch(0, ITEMS, [some, some.map(() => id), notes], some.length));
      }
      return await load.commit(receiptFor(ids.length));
    } finally {
      await load.abort();
    }
  }

  /** The ids of the rows of a file. */
  async idsOf(file: string): Promise<number[]> {
    const rows = await this.run("SELECT id, file FROM items");
    return rows.filter((row) => row["file"] === file).map((row) => row["id"] as number)
      .sort((a, b) => a - b);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.storage.close();
    await this.#backend.client.shutdown();
    await dropAll();
  }
}

type Body = (scene: Scene) => Promise<void>;

/**
 * Runs `work` in the middle of a load, after these chunks are acknowledged.
 * @returns how many chunks were sent
 */
async function amid(chunks: number, work: () => Promise<void>, load: () => Promise<unknown>) {
  const { send } = ChunkSender.prototype;
  let sent = 0;
  ChunkSender.prototype.send = async function (...given) {
    await send.apply(this, given);
    if (++sent !== chunks) return;
    await this.drain();
    await work();
  };
  try {
    await load();
    return sent;
  } finally {
    ChunkSender.prototype.send = send;
  }
}

const refused = (...parts: RegExp[]) => (error: unknown) => {
  assert.ok(error instanceof Failure && error.kind === "refused", String(error));
  assert.equal(error.code, "rows-refused");
  for (const part of parts) assert.match(error.message, part);
  // The sender of the file reads it.
  assert.doesNotMatch(error.message, /customer_1|127\.0/);
  return true;
};

const REFUSED: Record<string, Body> = {
  "the row is named, and all rows of its file are removed": async (scene) => {
    await scene.load({ id: "earlier", ids: range(0, 3_000) });
    await assert.rejects(
      scene.load({ id: "f1", ids: range(1_000, 5_000), refused: 3_333 }),
      refused(
        /'note' has size 9000, .* threshold of 8192 \(guardrail sai_string_term_size of the cluster\)/,
        /The row has the key id = 3333\. All rows of this file were removed again\./,
      ),
    );
    assert.deepEqual(await scene.idsOf("f1"), []);
    const earlier = await scene.idsOf("earlier");
    assert.deepEqual(earlier, range(0, earlier.length));
    assert.ok(earlier.length >= 1_000 && earlier.length < 3_000, String(earlier.length));
  },
  "the file can be loaded by another version of its module": async (scene) => {
    await assert.rejects(scene.load({ id: "f2", ids: range(0, 1_000), refused: 999 }), refused());
    assert.equal(await scene.storage.begun(TENANT, "f2"), null);
    assert.equal(await scene.storage.receipt(TENANT, "f2"), null);
    await scene.load({ id: "f2", ids: range(500, 1_500) });
    assert.deepEqual(await scene.idsOf("f2"), range(500, 1_500));
  },
  "a version that replaces another is removed, and the next one replaces both": async (scene) => {
    const replaces = (version: number) => ({ name: "s.csv", version });
    const [first, second, third] = ["v1", "v2", "v3"] as const;
    await scene.load({ id: first, ids: range(0, 1_000), replaces: replaces(1) });
    const bad = { id: second, ids: range(600, 1_600), refused: 1_599, replaces: replaces(2) };
    await assert.rejects(scene.load(bad), refused());
    assert.deepEqual(await scene.idsOf(second), []);
    assert.deepEqual(await scene.idsOf(first), range(0, 600));
    const loaded = { id: third, ids: range(1_500, 2_500), replaces: replaces(3) };
    // The ledger does not have these files: a claim of a file that is not there has ended.
    assert.deepEqual((await scene.load(loaded)).replacedFiles, [first]);
    assert.deepEqual(await scene.idsOf(third), range(1_500, 2_500));
    assert.deepEqual(await scene.idsOf(first), []);
    assert.deepEqual(await scene.idsOf(second), []);
  },
  "an earlier version can be loaded again": async (scene) => {
    const replaces = (version: number) => ({ name: "t.csv", version });
    const first = { id: "t1", ids: range(0, 1_000), replaces: replaces(1) };
    await scene.load(first);
    const bad = { id: "t2", ids: range(600, 1_600), refused: 1_599, replaces: replaces(2) };
    await assert.rejects(scene.load(bad), refused());
    await scene.storage.forget(TENANT, "t1");
    await scene.load(first);
    assert.deepEqual(await scene.idsOf("t1"), range(0, 1_000));
  },
  "limits that the operator has set": async (scene) => {
    const settings = await scene.run("SELECT name, value FROM system_views.settings");
    const valueOf = (name: string) => settings.find((row) => row["name"] === name)?.["value"];
    assert.equal(valueOf("max_mutation_size"), "8192KiB");
    const columns = ["a", "b", "c"].map((name) => ({ name, type: "text" as const }));
    const large: TableSpec = { ...ITEMS, name: "large", columns: [ITEMS.columns[0]!, ...columns] };
    const list: TableSpec = {
      ...ITEMS,
      name: "lists",
      columns: [ITEMS.columns[0]!, { name: "numbers", type: "list<int>" }],
    };
    const attempt = async (id: string, table: TableSpec, values: Value[]) => {
      const load = await scene.storage.begin(TENANT, id, [table]);
      await load.write(encodeBatch(0, table, values.map((value) => [value]), 1));
      await load.commit(receiptFor(1)).finally(() => load.abort());
    };
    const text = "x".repeat(3_900_000);
    await assert.rejects(
      attempt("large", large, [1, text, text, text]),
      refused(/a row needs 11\.2 MiB, the limit is 8 MiB \(max_mutation_size of the cluster\)/),
    );
    const longer = "x".repeat(17 << 20);
    await assert.rejects(
      attempt("larger", large, [1, longer, null, null]),
      refused(/a row needs 17 MiB, the limit is 16 MiB \(native_transport_max_frame_size of/),
    );
    if (valueOf("column_value_size_fail_threshold") === "4MiB") {
      await assert.rejects(
        attempt("value", large, [1, "x".repeat(5 << 20), null, null]),
        refused(/Value of column 'a' has size 5242880, .* \(guardrail column_value_size of/),
      );
    }
    if (valueOf("items_per_collection_fail_threshold") === "60000") {
      await assert.rejects(
        attempt("list", list, [1, JSON.stringify(range(0, 60_001))]),
        refused(/collection numbers with 60001 items, .*\(guardrail items_per_collection of/),
      );
    }
  },
};

const isRetried = (error: unknown) =>
  error instanceof Failure && error.kind === "storage" &&
  ["table-changed", "storage-denied"].includes(error.code);

const CHANGED: Record<string, Body> = {
  "TRUNCATE: all rows are sent again": async (scene) => {
    const truncate = async () => void await scene.run("TRUNCATE items");
    await amid(5, truncate, () => scene.load({ id: "truncated", ids: range(0, 3_000) }));
    assert.deepEqual(await scene.idsOf("truncated"), range(0, 3_000));
  },
  "DROP and CREATE: all rows are sent again": async (scene) => {
    await amid(
      5,
      () => scene.recreate(),
      () => scene.load({ id: "created", ids: range(0, 3_000) }),
    );
    assert.deepEqual(await scene.idsOf("created"), range(0, 3_000));
  },
  ...Object.fromEntries(["TABLE items", "KEYSPACE"].map((what): [string, Body] => [
    `DROP ${what.split(" ")[0]}: another attempt creates it again and sends all rows`,
    async (scene) => {
      const drop = async () => void await scene.run(`DROP ${what}`);
      const load = { id: `drop ${what}`, ids: range(0, 3_000) };
      await assert.rejects(amid(5, drop, () => scene.load(load)), isRetried);
      // The permissions in a keyspace are dropped with it, and nodes cache for a while what a role may.
      await until("it is loaded", () =>
        scene.load(load).then(() => true, (error) => {
          assert.ok(isRetried(error), error);
          return false;
        }));
      assert.deepEqual(await scene.idsOf(load.id), range(0, 3_000));
    },
  ])),
  ...Object.fromEntries(
    (["TRUNCATE items", "recreate", "nothing"] as const).map((change): [string, Body] => [
      `${change} between two attempts`,
      async (scene) => {
        const load = { id: `between ${change}`, ids: range(0, 3_000) };
        const fail = () => Promise.reject(new Failure("storage", "cut", "cut"));
        await assert.rejects(amid(5, fail, () => scene.load(load)), code("cut"));
        if (change === "recreate") await scene.recreate();
        else if (change !== "nothing") await scene.run(change);
        const sent = await amid(0, fail, () => scene.load(load));
        assert.equal(sent, change === "nothing" ? 10 : 15);
        assert.deepEqual(await scene.idsOf(load.id), range(0, 3_000));
      },
    ]),
  ),
};

Deno.test({
  name: "cassandra: rows that the cluster refuses, and tables that change in the middle of a load",
  ignore,
  async fn(t) {
    await using scene = await Scene.open();
    for (const [name, body] of Object.entries({ ...REFUSED, ...CHANGED })) {
      await t.step(name, () => body(scene));
    }
  },
});
