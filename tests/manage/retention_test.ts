import assert from "node:assert/strict";
import { Retention } from "../../src/manage/retention.ts";
import { NO_ROWS } from "../../src/manage/ledger.ts";
import type { FileState } from "../../src/protocol/file_view.ts";
import { createFileIds } from "../../src/data/file_id.ts";
import { Layout, prepareData } from "../../src/data/layout.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/storage.ts";
import { withStorage } from "./harness.ts";

const DAY_MS = 86_400_000;

Deno.test("retention removes only archived files that were loaded before the limit", async () => {
  const dir = await Deno.makeTempDir();
  const layout = new Layout(dir);
  await prepareData(layout);
  const storage = openSqliteStorage(dir);
  const newId = createFileIds();
  const now = 100 * DAY_MS;
  const put = async (state: FileState, finishedAt: number | null, known = true) => {
    const id = newId();
    await Deno.mkdir(layout.tenantFolder("archive", "t"), { recursive: true });
    await Deno.writeTextFile(layout.file("archive", "t", id), "x");
    await Deno.writeTextFile(layout.sidecar("archive", "t", id), "{}");
    const file = { id, tenant: "t", name: "a.csv", version: 1, size: 1, sha256: "", batch: null };
    const times = { receivedAt: 0, nextTryAt: null, startedAt: 0, finishedAt };
    const rest = {
      state,
      attempts: 1,
      rows: NO_ROWS,
      seconds: 1,
      moduleVersion: "v1",
      reason: null,
      notices: [],
      replacedBy: null,
    };
    if (known) await storage.ledger.insert({ ...file, ...times, ...rest });
    return id;
  };
  const old = await put("ingested", now - 31 * DAY_MS);
  const young = await put("ingested", now - 29 * DAY_MS);
  const queued = await put("queued", null);
  const unknown = await put("ingested", 0, false);
  const kinds: string[] = [];
  const emit = (event: { kind: string }) => void kinds.push(event.kind);
  const retention = new Retention({ layout, storage, emit });
  /** Returns how many files were removed. */
  const expire = async (days: number) => {
    const before = kinds.length;
    const others = {
      quarantine_days: 0,
      rejects_days: 0,
      ledger_days: 0,
      max_rejects_per_tenant: 9,
    };
    await retention.run({ archive_days: days, ...others }, now);
    return kinds.length - before;
  };
  try {
    assert.equal(await expire(0), 0);
    assert.equal(await expire(30), 1);
    assert.equal(await expire(30), 0);
    assert.deepEqual(kinds, ["file.archive_expired"]);
    const left = [...Deno.readDirSync(layout.tenantFolder("archive", "t"))].map(({ name }) => name);
    const expected = [young, queued, unknown].flatMap((id) => [id, `.${id}.json`]);
    assert.deepEqual(left.sort(), expected.sort());
    assert.ok(!left.includes(old));
  } finally {
    await storage.close();
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("retention of quarantine, rejects and ledger: each has its own limit, unfinished files stay", async (t) => {
  const dir = await Deno.makeTempDir();
  const layout = new Layout(dir);
  await prepareData(layout);
  const storage = openSqliteStorage(dir);
  const { ledger } = storage;
  const now = Date.now();
  const put = async (state: FileState, daysAgo: number) => {
    const at = now - daysAgo * DAY_MS;
    const id = createFileIds({ now: () => at })();
    const folder = state === "ingested" ? "archive" : "quarantine";
    await Deno.mkdir(layout.tenantFolder(folder, "t"), { recursive: true });
    await Deno.writeTextFile(layout.file(folder, "t", id), "x");
    const ended = state === "queued" ? null : at;
    await ledger.insert({
      ...{ id, tenant: "t", name: "a.csv", version: 1, size: 1, sha256: "", batch: null, state },
      ...{ attempts: 1, receivedAt: at, nextTryAt: null, startedAt: at, finishedAt: ended },
      ...{ rows: NO_ROWS, seconds: 1, moduleVersion: "v1", reason: null, notices: [] },
      replacedBy: null,
    });
    await ledger.addRejects(id, [{ line: 2, column: null, reason: "bad", raw: "x" }]);
    return id;
  };
  const kinds: string[] = [];
  const emit = (event: { kind: string }) => void kinds.push(event.kind);
  const retention = new Retention({ layout, storage, emit });
  const days = {
    archive_days: 0,
    quarantine_days: 0,
    rejects_days: 0,
    ledger_days: 0,
    max_rejects_per_tenant: 9,
  };
  const rejectsOf = async (id: string) => (await ledger.rejects(id, 0, 9)).length;
  try {
    const old = await put("quarantined", 40);
    const done = await put("ingested", 35);
    const young = await put("quarantined", 5);
    const waits = await put("queued", 50);
    await t.step("0 keeps everything", async () => {
      await retention.run(days, now);
      assert.deepEqual(kinds, []);
    });
    await t.step("quarantine", async () => {
      await retention.run({ ...days, quarantine_days: 30 }, now);
      const left = [...Deno.readDirSync(layout.tenantFolder("quarantine", "t"))];
      assert.deepEqual(left.map(({ name }) => name).sort(), [young, waits].sort());
      assert.equal((await ledger.get(old))?.state, "quarantined", "its record stays");
    });
    await t.step("rejects", async () => {
      await retention.run({ ...days, rejects_days: 30 }, now);
      const left = await Promise.all([old, done, young, waits].map(rejectsOf));
      assert.deepEqual(left, [0, 0, 1, 1]);
    });
    await t.step("the ledger, with the rest of a file", async () => {
      await retention.run({ ...days, ledger_days: 30 }, now);
      const left = await ledger.list({});
      assert.deepEqual(left.map(({ id }) => id).sort(), [young, waits].sort());
      assert.deepEqual([...Deno.readDirSync(layout.tenantFolder("archive", "t"))], []);
      assert.deepEqual(kinds.filter((kind) => kind === "file.record_expired").length, 2);
    });
  } finally {
    await storage.close();
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("too many rejects of one tenant: those of its oldest files are removed, others stay", () =>
  withStorage(async (layout, storage) => {
    const { ledger } = storage;
    const newId = createFileIds();
    const put = async (tenant: string, rejected: number) => {
      const id = newId();
      await ledger.insert({
        ...{ id, tenant, name: "a.csv", version: 1, size: 1, sha256: "", batch: null },
        ...{ attempts: 1, receivedAt: 0, nextTryAt: null, startedAt: 0, finishedAt: 1 },
        ...{ rows: { ...NO_ROWS, rejected }, seconds: 1, moduleVersion: "v1", reason: null },
        ...{ state: "ingested" as const, notices: [], replacedBy: null },
      });
      const reject = { line: 2, column: null, reason: "bad", raw: "x" };
      await ledger.addRejects(id, Array.from({ length: rejected }, () => reject));
      return id;
    };
    const emitted: string[] = [];
    const emit = (event: { kind: string }) => void emitted.push(event.kind);
    const retention = new Retention({ layout, storage, emit });
    const limits = { archive_days: 0, quarantine_days: 0, rejects_days: 0, ledger_days: 0 };
    const run = () => retention.run({ ...limits, max_rejects_per_tenant: 10 }, 0);
    const left = (ids: string[]) =>
      Promise.all(ids.map(async (id) => (await ledger.rejects(id, 0, 99)).length));
    const files = [await put("a", 3), await put("a", 4), await put("a", 6), await put("b", 9)];
    await run();
    assert.deepEqual(await left(files), [0, 4, 6, 9]);
    files.push(await put("a", 20));
    await run();
    assert.deepEqual(await left(files), [0, 0, 0, 9, 20], "those of the newest file stay");
    await run();
    assert.deepEqual(emitted, Array(3).fill("file.rejects_expired"));
  }));
