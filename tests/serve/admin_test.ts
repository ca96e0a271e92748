import assert from "node:assert/strict";
import { join } from "node:path";
import { verifyPassword } from "../../src/accounts/password_hash.ts";
import { dummyHash } from "../../src/accounts/stored_hash.ts";
import { UsersFile } from "../../src/accounts/users.ts";
import { replayRequests } from "../../src/staging/replay_requests.ts";
import type { FileRecord } from "../../src/storage/contract.ts";
import { basic, fakeLedger, type Harness, problemCode, withApp } from "./harness.ts";

const ADMIN = { Authorization: basic("admin", "secret") };

function record(id: string, more: Partial<FileRecord> = {}): FileRecord {
  return {
    id,
    tenant: "customer-1",
    name: `${id.slice(-3)}.csv`,
    version: 1,
    size: 100,
    sha256: "0".repeat(64),
    batch: null,
    state: "ingested",
    attempts: 1,
    receivedAt: Date.now() - 5000,
    nextTryAt: null,
    startedAt: Date.now() - 4000,
    finishedAt: Date.now() - 3000,
    rows: { read: 10, stored: 9, rejected: 1, skipped: 0, written: 9, replaced: 0 },
    seconds: 1,
    moduleVersion: "v1-00000000",
    reason: null,
    notices: [],
    replacedBy: null,
    ...more,
  };
}

const INGESTED = "01m85y1kj8c5r1g4hx7h65vx55";
const FAILED = "01m85y2kj8c5r1g4hx7h65vx55";
const RUNNING = "01m85y3kj8c5r1g4hx7h65vx55";

function ask({ app }: Harness, method: string, path: string, body?: unknown) {
  return app.request(`/v1/admin${path}`, {
    method,
    headers: ADMIN,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

Deno.test("a customer's token is not an operator's", () =>
  withApp(async ({ app, send }) => {
    // In the harness any name is both a customer and an operator, with separate tokens.
    const opened = await send("/v1/session", { method: "POST" });
    const { token } = await opened.json();
    const headers = { Authorization: `Bearer ${token}` };
    assert.equal((await app.request("/v1/files", { headers })).status, 200);
    for (const path of ["/tenants", "/overview", "/files", "/audit", "/events", "/nothing"]) {
      assert.equal((await app.request(`/v1/admin${path}`, { headers })).status, 401, path);
      assert.equal((await app.request(`/v1/admin${path}`)).status, 401, path);
    }
  }));

Deno.test("an account is created, disabled, enabled and given a password", () =>
  withApp(async (harness) => {
    const users = new UsersFile(join(harness.dataDir, "users.json"));
    const added = await ask(harness, "POST", "/tenants", { name: "customer-3" });
    assert.equal(added.status, 201);
    const { password } = await added.json();
    assert.ok(await verifyPassword(password, users.accounts().get("customer-3")?.stored ?? ""));
    const off = await ask(harness, "PATCH", "/tenants/customer-3", { enabled: false });
    assert.equal((await off.json()).enabled, false);
    assert.equal(users.accounts().get("customer-3")?.enabled, false);
    await ask(harness, "PATCH", "/tenants/customer-3", { enabled: true });
    const set = await ask(harness, "POST", "/tenants/customer-3/password", { password: "mine" });
    assert.deepEqual(await set.json(), { name: "customer-3", password: null });
    assert.ok(await verifyPassword("mine", users.accounts().get("customer-3")?.stored ?? ""));
  }));

Deno.test("an account whose name no tenant can have is reported to operators", () =>
  withApp(async (harness) => {
    const path = join(harness.dataDir, "users.json");
    await Deno.writeTextFile(path, JSON.stringify({ "Customer-1": dummyHash("argon2id") }));
    const list = await (await ask(harness, "GET", "/tenants")).json();
    assert.deepEqual(list, { tenants: [], invalidNames: ["Customer-1"] });
    const off = await ask(harness, "PATCH", "/tenants/Customer-1", { enabled: false });
    assert.equal(await problemCode(off), "no-such-tenant");
    const signedIn = await harness.app.request("/sign-in", {
      method: "POST",
      headers: { "Sec-Fetch-Site": "same-origin" },
      body: new URLSearchParams({ role: "operator", user: "admin", password: "secret" }),
    });
    const headers = { Cookie: (signedIn.headers.get("Set-Cookie") ?? "").replace(/;.*/, "") };
    const page = await harness.app.request("/operator/tenants", { headers });
    assert.match(await page.text(), /names are not allowed: Customer-1\./);
  }));

Deno.test("constraints apply to the next request, and can be reset to the defaults", () =>
  withApp(async (harness) => {
    await ask(harness, "POST", "/tenants", { name: "customer-1" });
    const own = { formats: [".jsonl"], number_files: 3, data_sizes: 7 };
    const path = "/tenants/customer-1";
    assert.equal((await ask(harness, "PUT", `${path}/constraints`, own)).status, 200);
    assert.deepEqual(await (await harness.send("/v1/constraints")).json(), own);
    assert.equal((await (await ask(harness, "GET", path)).json()).ownConstraints, true);
    assert.equal((await ask(harness, "DELETE", `${path}/constraints`)).status, 204);
    assert.notDeepEqual(await (await harness.send("/v1/constraints")).json(), own);
    assert.equal((await (await ask(harness, "GET", path)).json()).ownConstraints, false);
  }));

Deno.test("the audit log has what operators did and what was refused, but no secrets", () =>
  withApp(async (harness) => {
    await ask(harness, "POST", "/tenants", { name: "customer-3", password: "hush hush" });
    await ask(harness, "POST", "/tenants", { name: "customer-3" });
    await ask(harness, "PATCH", "/tenants/customer-3", { enabled: false });
    const { entries } = await (await ask(harness, "GET", "/audit?limit=2")).json();
    const brief = entries.map((e: Record<string, string>) => [e.operator, e.action, e.outcome]);
    assert.deepEqual(brief, [
      ["admin", "tenant.disable", "done"],
      ["admin", "tenant.add", "tenant-exists"],
    ]);
    const text = await Deno.readTextFile(join(harness.dataDir, "audit.log"));
    assert.equal(text.trim().split("\n").length, 3);
    assert.doesNotMatch(text, /hush/);
  }));

Deno.test("a file can be replayed only when it is done and its bytes are kept", async () => {
  const records = [record(INGESTED), record(FAILED), record(RUNNING, { state: "running" })];
  await withApp(async (harness) => {
    const { layout } = harness.intake;
    await Deno.mkdir(layout.tenantFolder("archive", "customer-1"));
    await Deno.writeTextFile(layout.file("archive", "customer-1", INGESTED), "bytes");
    const inPlace = await ask(harness, "POST", `/files/${INGESTED}/replay`, { order: "arrival" });
    assert.match((await inPlace.json()).detail, /SQLite stores rows in the order in which/);
    const done = await ask(harness, "POST", `/files/${INGESTED}/replay`);
    assert.equal(done.status, 202);
    assert.deepEqual([...(await replayRequests(layout)).keys()], [INGESTED]);
    const shown = await (await ask(harness, "GET", `/files/${INGESTED}`)).json();
    assert.deepEqual([shown.replayRequested, shown.replayOrder], [true, "now"]);
    for (const id of [FAILED, RUNNING]) {
      const refused = await ask(harness, "POST", `/files/${id}/replay`);
      assert.equal(refused.status, 409);
      assert.equal(await problemCode(refused), "not-replayable");
    }
    assert.deepEqual([...(await replayRequests(layout)).keys()], [INGESTED]);
  }, { app: { ledger: fakeLedger(records) } });
});

Deno.test("a replay on Cassandra has an order: chosen, or by what became of the file", async () => {
  const records = [record(INGESTED), record(FAILED, { state: "quarantined" })];
  await withApp(async (harness) => {
    const { layout } = harness.intake;
    for (const [folder, id] of [["archive", INGESTED], ["quarantine", FAILED]] as const) {
      await Deno.mkdir(layout.tenantFolder(folder, "customer-1"));
      await Deno.writeTextFile(layout.file(folder, "customer-1", id), "bytes");
    }
    const orderOf = async (id: string, body?: object) => {
      const answer = await ask(harness, "POST", `/files/${id}/replay`, body);
      assert.equal(answer.status, 202);
      const { replayOrder, replayOrders } = await answer.json();
      assert.equal((await replayRequests(layout)).get(id)?.order, replayOrder);
      return [replayOrder, ...replayOrders];
    };
    assert.deepEqual(await orderOf(INGESTED), ["now", "now", "arrival"]);
    assert.deepEqual(await orderOf(FAILED), ["arrival", "arrival", "now"]);
    assert.deepEqual(await orderOf(FAILED, { order: "now" }), ["now", "arrival", "now"]);
  }, { app: { ledger: fakeLedger(records), keepsOrder: true } });
});

Deno.test("a replaced file is not replayed, unless the module adds", async () => {
  const later = record(FAILED, { version: 2 });
  const records = [record(INGESTED, { replacedBy: later.id }), later];
  await withApp(async (harness) => {
    const { layout } = harness.intake;
    await Deno.mkdir(layout.tenantFolder("archive", "customer-1"));
    await Deno.writeTextFile(layout.file("archive", "customer-1", INGESTED), "bytes");
    const version = join(layout.moduleRoot, "customer-1/v1-00000000");
    await Deno.mkdir(version, { recursive: true });
    await Deno.symlink("v1-00000000", join(version, "../current"));
    const declare = (versions: string) =>
      Deno.writeTextFile(join(version, "declaration.json"), JSON.stringify({ versions }));
    await declare("replace");
    const refused = await ask(harness, "POST", `/files/${INGESTED}/replay`);
    assert.equal(refused.status, 409);
    assert.match((await refused.json()).detail, /again: version 2 is loaded/);
    await declare("add");
    assert.equal((await ask(harness, "POST", `/files/${INGESTED}/replay`)).status, 202);
  }, { app: { ledger: fakeLedger(records) } });
});

Deno.test("the overview shows the queue, failing tenants and the throughput", async () => {
  const reason = { code: "broken", message: "it is broken" };
  const nothing = { read: 0, stored: 0, rejected: 0, skipped: 0, written: 0, replaced: 0 };
  const records = [
    record(INGESTED),
    record(FAILED, { tenant: "customer-2", state: "quarantined", reason, rows: nothing }),
  ];
  await withApp(async (harness) => {
    const { layout } = harness.intake;
    await Deno.mkdir(layout.tenantFolder("staging", "customer-1"));
    await Deno.writeTextFile(layout.file("staging", "customer-1", RUNNING), "bytes");
    const overview = await (await ask(harness, "GET", "/overview?hours=1")).json();
    assert.equal(overview.queue.files, 1);
    assert.match(overview.queue.oldestAt, /^2026-11-24T04:4/);
    const [first, second] = overview.tenants;
    assert.deepEqual([first.name, first.waiting, first.failing], ["customer-1", 1, null]);
    assert.deepEqual(second.failing, { fileId: FAILED, name: "x55.csv", reason: "it is broken" });
    assert.equal(overview.throughput.length, 48);
    const sum = (key: string) =>
      overview.throughput.reduce(
        (all: number, each: Record<string, number>) => all + (each[key] ?? 0),
        0,
      );
    assert.deepEqual([sum("files"), sum("failed"), sum("rows")], [2, 1, 9]);
  }, { app: { ledger: fakeLedger(records) } });
});

Deno.test("the stream of events reports a change, and ends with the server", async () => {
  const records: FileRecord[] = [];
  const stopping = new AbortController();
  await withApp(async (harness) => {
    const response = await ask(harness, "GET", "/events");
    const lines = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream());
    let heard = "";
    for await (const part of lines) {
      heard += part;
      if (heard.includes("event: changed")) stopping.abort();
      else records.push(record(INGESTED));
    }
    assert.match(heard, /^retry: 2000\n\nevent: changed\ndata: \{\}\n\n$/);
  }, { app: { ledger: fakeLedger(records), stopping: stopping.signal } });
});

Deno.test("rejects are available as CSV, and no cell is a formula", async () => {
  const ledger = fakeLedger([record(INGESTED)]);
  ledger.rejects = (_id, after) =>
    Promise.resolve(
      after > 0 ? [] : [
        { line: 2, column: "a", reason: "bad", raw: '=cmd|"x",1' },
        { line: 3, column: 4, reason: "-1", raw: "plain" },
        { line: 4, column: null, reason: "\uff1d1", raw: "x" },
      ],
    );
  await withApp(async ({ send }) => {
    const response = await send(`/v1/files/${INGESTED}/rejects.csv`);
    assert.match(response.headers.get("Content-Disposition") ?? "", /x55\.csv\.rejects\.csv$/);
    const lines = (await response.text()).split("\r\n");
    assert.deepEqual(lines, [
      "line,column,reason,raw",
      `2,a,bad,"'=cmd|""x"",1"`,
      "3,4,'-1,plain",
      "4,,'\uff1d1,x",
      "",
    ]);
    const other = await send(`/v1/files/${INGESTED}/rejects.csv`, { as: "customer-2" });
    assert.equal(other.status, 404);
  }, { app: { ledger } });
});

Deno.test("a customer can download its own files only", async () => {
  await withApp(async ({ intake: { layout }, send }) => {
    await Deno.mkdir(layout.tenantFolder("archive", "customer-1"));
    await Deno.writeTextFile(layout.file("archive", "customer-1", INGESTED), "x".repeat(100));
    const path = `/v1/files/${INGESTED}/content`;
    const response = await send(path);
    assert.equal(await response.text(), "x".repeat(100));
    assert.equal(response.headers.get("Content-Security-Policy"), "sandbox");
    assert.equal((await send(path, { as: "customer-2" })).status, 404);
    const gone = await send(`/v1/files/${FAILED}/content`);
    assert.equal(await problemCode(gone), "file-not-found");
  }, { app: { ledger: fakeLedger([record(INGESTED), record(FAILED)]) } });
});
