import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Layout } from "../../src/data/layout.ts";
import type { FileRecord } from "../../src/storage/contract.ts";
import { fileVersions, type VersionsRule } from "../../src/storage/file_versions.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/storage.ts";
import { fileRecord, NO_ROWS } from "../contracts/storage_fixtures.ts";
import { fakeLedger } from "../serve/harness.ts";

const ADD: VersionsRule = () => Promise.resolve("add");

function loaded(version: number, stored: number, more: Partial<FileRecord> = {}): FileRecord {
  const rows = { ...NO_ROWS, read: stored, stored };
  const id = `id-${String(version).padStart(5, "0")}`;
  return fileRecord({ id, version, state: "ingested", moduleVersion: "v1", rows, ...more });
}

/** The relations of the last of the records. */
async function relations(records: FileRecord[], rule = ADD) {
  const file = records.at(-1)!;
  return (await fileVersions(fakeLedger([...records]), [file], rule)).get(file.id);
}

Deno.test("earlier versions stay if they were loaded, have rows and were not replaced", async () => {
  const records = [
    loaded(1, 1200),
    loaded(2, 5, { state: "quarantined" }),
    loaded(3, 0),
    loaded(4, 7, { replacedBy: "id-00005" }),
    loaded(5, 4),
    loaded(1, 99, { id: "other", tenant: "customer-2" }),
    loaded(1, 99, { id: "another", name: "b.csv" }),
    loaded(6, 1),
  ];
  assert.deepEqual(await relations(records), {
    earlier: { versions: [1, 5], rows: 1204, complete: true },
    replaces: [],
    replacedByVersion: null,
  });
});

Deno.test("a loaded version replaces those that name it; the replaced one names its number", async () => {
  const [first, second] = [loaded(1, 3, { replacedBy: "id-00002" }), loaded(2, 4)];
  assert.deepEqual((await relations([first, second]))?.replaces, [1]);
  assert.deepEqual(await relations([second, first]), {
    earlier: null,
    replaces: [],
    replacedByVersion: 2,
  });
});

Deno.test("a waiting version replaces those that were loaded to be replaced; others stay", async () => {
  const asked: string[] = [];
  const rule: VersionsRule = (tenant, version) => {
    asked.push(`${tenant} ${version}`);
    return Promise.resolve(version === "v1" ? "add" : "replace");
  };
  const records = [
    loaded(1, 10),
    loaded(2, 20, { moduleVersion: "v2" }),
    loaded(3, 30, { moduleVersion: "v2" }),
    loaded(4, 0, { state: "queued" }),
    loaded(5, 0, { state: "received" }),
  ];
  assert.deepEqual(await relations(records, rule), {
    earlier: { versions: [1], rows: 10, complete: true },
    replaces: [2, 3, 4],
    replacedByVersion: null,
  });
  assert.deepEqual(asked.toSorted(), ["customer-1 null", "customer-1 v1", "customer-1 v2"]);
});

Deno.test("one bounded query for each name with several versions, none for other files", async () => {
  const names = Array.from({ length: 50 }, (_, n) => `f${n}.csv`);
  const records = names.flatMap((name) =>
    [1, 2, 3].map((version) => loaded(version, 10, { id: `${name}-${version}`, name }))
  );
  const many = Array.from({ length: 1_500 }, (_, n) => loaded(n + 1, 2, { name: "daily.csv" }));
  const ledger = fakeLedger([...records, ...many]);
  const queries: number[] = [];
  const counted: typeof ledger = {
    ...ledger,
    list(query) {
      queries.push(query.limit ?? Infinity);
      return ledger.list(query);
    },
  };
  const single = loaded(1, 5, { id: "single", name: "single.csv" });
  const found = await fileVersions(counted, [...records, single], ADD);
  assert.equal(found.size, 100);
  assert.equal(queries.length, 50);
  assert.ok(queries.every((limit) => limit * 50 <= 20_000));
  const last = many.at(-1)!;
  const { earlier } = (await fileVersions(counted, [last], ADD)).get(last.id)!;
  assert.deepEqual([earlier?.complete, earlier?.rows, queries.at(-1)], [false, 1998, 1_000]);
});

Deno.test("SQLite finds the newest versions of a name by an index, without sorting", async () => {
  const dir = await Deno.makeTempDir({ prefix: "mysimbdp-versions-" });
  try {
    const storage = openSqliteStorage(dir);
    await storage.ready();
    await storage.close();
    const db = new DatabaseSync(new Layout(dir).ledger, { readOnly: true });
    const sql = "SELECT * FROM files WHERE tenant = ? AND name = ? ORDER BY id DESC LIMIT ?";
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all("t", "a.csv", 10);
    db.close();
    assert.deepEqual(plan.map(({ detail }) => detail), [
      "SEARCH files USING INDEX files_of_name (tenant=? AND name=?)",
    ]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
