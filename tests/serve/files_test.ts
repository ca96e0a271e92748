import assert from "node:assert/strict";
import { fileListSchema, fileViewSchema } from "../../src/protocol/file_view.ts";
import type { FileRecord } from "../../src/storage/contract.ts";
import { type Harness, sha256Hex, stagedFiles, uploadWhole, withApp } from "./harness.ts";

async function upload(harness: Harness, name: string, content: string, as?: string) {
  const response = await uploadWhole(harness, name, content, { as });
  return response.headers.get("Mysimbdp-File-Id") ?? "";
}

async function list(harness: Harness, query = "", as?: string) {
  const response = await harness.send(`/v1/files${query}`, { as });
  return fileListSchema.parse(await response.json());
}

function record(id: string, more: Partial<FileRecord> = {}): FileRecord {
  return {
    id,
    tenant: "customer-1",
    name: "a.csv",
    version: 1,
    size: 1,
    sha256: sha256Hex("1"),
    batch: null,
    state: "ingested",
    attempts: 1,
    receivedAt: 0,
    nextTryAt: null,
    startedAt: 1000,
    finishedAt: 2000,
    rows: { read: 5, stored: 4, rejected: 1, skipped: 0, written: 4, replaced: 0 },
    seconds: 1,
    moduleVersion: "v1",
    reason: null,
    notices: [],
    replacedBy: null,
    ...more,
  };
}

Deno.test("the same name with other content is a new version, the same content is not", () =>
  withApp(async (harness) => {
    const first = await upload(harness, "a.csv", "1");
    const second = await upload(harness, "a.csv", "2");
    const again = await uploadWhole(harness, "a.csv", "1");
    assert.equal(again.headers.get("Mysimbdp-File-Id"), first);
    await upload(harness, "b.csv", "1");
    await upload(harness, "a.csv", "1", "customer-2");

    const { files } = await list(harness, "?name=a.csv");
    assert.deepEqual(files.map(({ id, version }) => ({ id, version })), [
      { id: second, version: 2 },
      { id: first, version: 1 },
    ]);
    assert.equal(again.headers.get("Mysimbdp-File-Version"), "1");
    assert.equal((await stagedFiles(harness.dataDir, "customer-1")).length, 3);

    const duplicate = again.headers.get("Location")?.split("/").at(-1) ?? "";
    assert.notEqual(duplicate, first);
    const view = fileViewSchema.parse(await (await harness.send(`/v1/files/${duplicate}`)).json());
    assert.equal(view.id, first);
    assert.equal(view.state, "received");
  }));

Deno.test("the same file sent ten times at once is one staged file with one receipt", () =>
  withApp(async (harness) => {
    const content = "id\n" + "1\n".repeat(50_000);
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => uploadWhole(harness, "a.csv", content)),
    );
    assert.deepEqual(responses.map((response) => response.status), Array(10).fill(201));
    const ids = new Set(responses.map((response) => response.headers.get("Mysimbdp-File-Id")));
    assert.equal(ids.size, 1);
    assert.deepEqual(await stagedFiles(harness.dataDir, "customer-1"), [...ids]);
    assert.equal(harness.intake.receipts.list({ tenant: "customer-1", limit: 99 }).length, 1);
    assert.equal((await list(harness)).files[0]?.version, 1);
  }));

Deno.test("different contents under one name, sent at once, get different versions", () =>
  withApp(async (harness) => {
    await Promise.all(Array.from({ length: 8 }, (_, n) => upload(harness, "a.csv", `${n}`)));
    const versions = (await list(harness)).files.map(({ version }) => version);
    assert.deepEqual(versions.sort(), [1, 2, 3, 4, 5, 6, 7, 8]);
  }));

Deno.test("a file in the ledger is shown instead of its receipt", () =>
  withApp(async (harness) => {
    const id = await upload(harness, "a.csv", "1");
    harness.records.push(record(id), record("0".repeat(26), { tenant: "customer-2" }));
    const { files } = await list(harness);
    assert.equal(files.length, 1);
    assert.equal(files[0]?.state, "ingested");
    assert.equal(files[0]?.startedAt, "1970-01-01T00:00:01.000Z");
    assert.equal((await list(harness, "?state=received")).files.length, 0);
    assert.equal((await harness.send(`/v1/files/${"0".repeat(26)}`)).status, 404);

    const page = await (await harness.send(`/v1/files/${id}/rejects?limit=2`)).json();
    assert.deepEqual([page.rejects.length, page.next], [2, 2]);
    const rest = await (await harness.send(`/v1/files/${id}/rejects?after=2`)).json();
    assert.deepEqual([rest.rejects.length, rest.next], [1, null]);
  }));

Deno.test("a new version names the rows of the earlier one, in lists and on its own", () =>
  withApp(async (harness) => {
    const first = await upload(harness, "a.csv", "1");
    const second = await upload(harness, "a.csv", "2");
    harness.records.push(record(first));
    const expected = { versions: [1], rows: 4, complete: true };
    const view = async () =>
      fileViewSchema.parse(await (await harness.send(`/v1/files/${second}`)).json());
    assert.deepEqual((await view()).earlier, expected);
    harness.records.push(record(second, { version: 2 }));
    assert.deepEqual((await view()).earlier, expected);
    const { files } = await list(harness, "?name=a.csv");
    assert.deepEqual(files.map(({ earlier }) => earlier), [expected, null]);

    harness.records[0]!.replacedBy = second;
    const replaced = (await list(harness)).files;
    assert.deepEqual(replaced.map((file) => [file.earlier, file.replaces]), [[null, [1]], [
      null,
      [],
    ]]);
    assert.equal(replaced[1]?.replacedByVersion, 2);
  }));

Deno.test("pages have received and ingested files together, newest first, each once", () =>
  withApp(async (harness) => {
    const ids: string[] = [];
    for (let n = 0; n < 9; n++) ids.push(await upload(harness, `f${n}.csv`, `${n}`));
    for (const id of ids.filter((_, n) => n % 2 === 0)) harness.records.push(record(id));
    const seen: string[] = [];
    for (let after = "";;) {
      const page = await list(harness, `?limit=2${after}`);
      seen.push(...page.files.map(({ id }) => id));
      if (page.next === null) break;
      after = `&after=${page.next}`;
    }
    assert.deepEqual(seen, ids.toReversed());
    const received = await list(harness, "?state=received&limit=3");
    assert.deepEqual(received.files.map(({ id }) => id), [ids[7], ids[5], ids[3]]);
  }));

Deno.test("files are found by name and content, and an invalid query gets 400", () =>
  withApp(async (harness) => {
    const id = await upload(harness, "Café.csv", "1");
    const name = encodeURIComponent("Cafe\u0301.csv");
    const found = await list(harness, `?name=${name}&sha256=${sha256Hex("1").toUpperCase()}`);
    assert.deepEqual(found.files.map((file) => file.id), [id]);
    assert.deepEqual((await list(harness, `?sha256=${sha256Hex("2")}`)).files, []);
    for (const query of ["state=lost", "limit=0", "limit=x"]) {
      assert.equal((await harness.send(`/v1/files?${query}`)).status, 400, query);
    }
  }));
