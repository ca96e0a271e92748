import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../../src/base/failure.ts";
import { encodeBatch } from "../../src/batch/batch.ts";
import type { Cell, TableSpec } from "../../src/batch/column.ts";
import { KeyTable, NEW_KEY, NO_OWNER } from "../../src/sandbox/worker/key_table.ts";
import { RepeatedKeys, type TableRow } from "../../src/sandbox/worker/repeated_keys.ts";
import { rowIds } from "../../src/sandbox/wire/row_id.ts";
import { RowFault } from "../../src/sandbox/worker/table_buffer.ts";

const SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const rowId = rowIds(SHA256);

function table(name: string, repeatedKeys?: TableSpec["repeatedKeys"]): TableSpec {
  const columns = [{ name: "a", type: "text" as const }, { name: "n", type: "int" as const }];
  const keys = { partitionKey: ["a"], clusteringKey: ["n"] };
  return { name, columns, ...keys, ...(repeatedKeys && { repeatedKeys }) };
}

/** Takes rows one at a time, as a batch each, and says how many records they replaced. */
class Keys {
  readonly #keys: RepeatedKeys;
  readonly #tables: TableSpec[];

  constructor(tables: TableSpec[], maxBytes: number) {
    const placeOf = (position: number) => `line ${position}`;
    this.#tables = tables;
    this.#keys = new RepeatedKeys(tables, { sha256: SHA256, maxBytes, placeOf });
  }

  one(table: number, values: Cell[], position: number): number {
    return this.#batch(table, values, this.#keys.ownerOfOne(table, values, position), position);
  }

  many(rows: readonly TableRow[], position: number): number {
    const owners = this.#keys.ownersOf(rows, position);
    return rows.reduce(
      (sum, [table, values], i) => sum + this.#batch(table, values, owners[i]!, position),
      0,
    );
  }

  notices(): string[] {
    return this.#keys.notices();
  }

  #batch(table: number, values: readonly Cell[], owner: number, position: number): number {
    const columns = values.map((value) => [value]);
    const bytes = encodeBatch(table, this.#tables[table]!, columns, 1);
    return this.#keys.replacedBy(table, { bytes, columns, owners: [owner], positions: [position] });
  }
}

function keysOf(tables: TableSpec[], maxBytes = 1e9): Keys {
  return new Keys(tables, maxBytes);
}

Deno.test("a record is replaced by a later one with the same key", () => {
  const keys = keysOf([table("t")]);
  const rows: Cell[][] = [["x", 1], ["x", 2], ["x", 1], ["y", 1], ["x", 1]];
  assert.deepEqual(rows.map((row, i) => keys.one(0, row, i + 2)), [0, 0, 1, 0, 1]);
  assert.deepEqual(keys.notices(), [
    "2 records were replaced by later records with the same key; the first: a=x, n=1, again on line 4",
  ]);
});

Deno.test("reject: the second record with a key is rejected, the first is kept", () => {
  const keys = keysOf([table("t", "reject")]);
  keys.one(0, ["x", 1], 2);
  for (const line of [3, 4]) {
    assert.throws(() => keys.one(0, ["x", 1], line), (error) => {
      assert.ok(error instanceof RowFault);
      assert.equal(error.message, "the key a=x, n=1 was already on line 2");
      assert.equal(error.column, "a");
      return true;
    });
  }
  assert.equal(keys.one(0, ["x", 2], 5), 0);
  assert.deepEqual(keys.notices(), []);
});

Deno.test("fail: a repeated key ends the run and names both lines", () => {
  const keys = keysOf([table("t", "fail")]);
  keys.one(0, ["x", 1], 2);
  assert.throws(() => keys.one(0, ["x", 1], 9), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, "repeated-key");
    assert.match(error.message, /the key a=x, n=1 of table "t" is on line 2 and again on line 9$/);
    assert.match(error.hint ?? "", /repeatedKeys/);
    return true;
  });
});

Deno.test("a record of several rows is replaced when it has lost all of them", () => {
  const keys = keysOf([table("t"), table("u")]);
  assert.equal(keys.one(0, ["single", 1], 1), 0);
  assert.equal(keys.many([[0, ["x", 1]], [0, ["x", 2]], [1, ["x", 1]]], 2), 0);
  assert.equal(keys.one(0, ["x", 1], 3), 0);
  assert.equal(keys.many([[0, ["x", 2]], [0, ["single", 1]]], 4), 1, "the single one");
  assert.equal(keys.one(0, ["x", 2], 5), 0, "line 4 has another row");
  assert.equal(keys.one(1, ["x", 1], 6), 1, "the last row of line 2");
  assert.equal(keys.many([[0, ["x", 1]], [0, ["x", 1]]], 7), 1, "line 3");
  assert.equal(keys.one(0, ["x", 1], 8), 1, "line 7 had one row with a key");
});

Deno.test("a record is rejected as a whole, and takes no key", () => {
  const keys = keysOf([table("t", "reject"), table("u")]);
  keys.one(0, ["x", 1], 1);
  const both: TableRow[] = [[1, ["y", 1]], [0, ["new", 1]], [0, ["x", 1]]];
  assert.throws(() => keys.many(both, 2), /already on line 1/);
  assert.throws(
    () => keys.many([[0, ["z", 1]], [0, ["z", 1]]], 3),
    /the record has two rows with the key a=z, n=1/,
  );
  assert.equal(keys.many([[0, ["new", 1]], [0, ["z", 1]], [1, ["y", 1]]], 4), 0);
});

Deno.test("a key with the record's own id needs no memory; other ids are compared", () => {
  const ids = { name: "t", columns: [{ name: "id", type: "uuid" as const }], clusteringKey: [] };
  const keys = keysOf([{ ...ids, partitionKey: ["id"], repeatedKeys: "fail" }], 4096 * 16);
  for (let line = 1; line < 1e5; line++) keys.one(0, [rowId(line)], line);
  keys.one(0, [rowId(7)], 1e6);
  assert.throws(() => keys.one(0, [rowId(7)], 1e6 + 1), /is on line 1000000 and again/);
});

Deno.test("beyond the memory, replaced records are a lower bound; the others fail", () => {
  const keys = keysOf([table("t")], 64 * 1024);
  let replaced = 0;
  for (let n = 0; n < 50_000; n++) replaced += keys.one(0, ["x", n], n);
  for (let n = 0; n < 1_000; n++) replaced += keys.one(0, ["y", n % 500], n);
  assert.ok(replaced > 0 && replaced <= 500, String(replaced));
  assert.match(keys.notices()[1]!, /^keys that repeat were counted only within each [\d,]+ rows; /);
  const strict = keysOf([table("t", "fail")], 64 * 1024);
  assert.throws(
    () => {
      for (let n = 0; n < 50_000; n++) strict.one(0, ["x", n], n);
    },
    (error) =>
      error instanceof Failure && error.code === "too-many-keys" &&
      /[\d,]+ rows/.test(error.message),
  );
});

Deno.test("records are counted as a map of keys counts them", () => {
  const key = fc.tuple(fc.constantFrom("a", "b", "c"), fc.integer({ min: 0, max: 3 }));
  const row = fc.tuple(fc.constantFrom(0, 1), key);
  const records = fc.array(fc.array(row, { minLength: 1, maxLength: 3 }), { maxLength: 40 });
  fc.assert(fc.property(records, (given) => {
    const keys = keysOf([table("t"), table("u")]);
    const owners = new Map<string, number>();
    let replaced = 0;
    given.forEach((rows, record) => {
      replaced += keys.many(rows, record);
      for (const each of rows) owners.set(JSON.stringify(each), record);
    });
    assert.equal(given.length - replaced, new Set(owners.values()).size);
  }));
});

Deno.test("a table of keys finds what was put into it, while it grows", () => {
  const table = new KeyTable();
  table.keepOwners();
  const half = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const halves = fc.array(fc.tuple(half, fc.integer({ min: 1, max: 2 ** 32 - 1 })), {
    maxLength: 2_000,
  });
  const known = new Map<string, number>();
  fc.assert(fc.property(halves, (keys) => {
    for (const [high, low] of keys) {
      const name = `${high} ${low}`;
      assert.equal(table.get(high, low), known.get(name) ?? NEW_KEY);
      if (table.isFull(high)) table.grow(high);
      assert.equal(table.put(high, low, known.size), known.get(name) ?? NEW_KEY);
      known.set(name, known.size);
    }
  }));
  for (const [name, owner] of known) {
    const [high, low] = name.split(" ").map(Number);
    assert.equal(table.get(high!, low!), owner);
  }
  table.clear();
  assert.equal(table.get(1, 1), NEW_KEY);
  assert.equal(new KeyTable().put(1, 1, NO_OWNER), NEW_KEY);
});
