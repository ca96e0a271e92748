import assert from "node:assert/strict";
import { join } from "node:path";
import { keepAll } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";
import { tus } from "../harness/tus.ts";
import { until } from "../harness/until.ts";

const CONFIG = "[manage]\nscan_seconds = 0.5\nreconcile_seconds = 0.5\n";
const USER = "customer-1";
const PASSWORD = "password-1";

/** A customer of a platform: sends a folder with `fetch`. */
function customer(url: string, dir: string) {
  const args = ["fetch", "-u", USER, "-p", PASSWORD, "-d", dir, "--server", url, "--json"];
  return async (...more: string[]) => {
    const { stdout, code } = await run([...args, ...more]);
    const lines = stdout.trim().split("\n").map((text) => JSON.parse(text));
    return { code, files: lines.filter(({ type }) => type === "file"), stdout };
  };
}

Deno.test("a file that waits for a module and whose bytes vanish: reported, sent again, loaded", async () => {
  await using platform = await Platform.create(CONFIG);
  await platform.seedAccounts();
  const { url } = await platform.serve();
  const manage = platform.manage();
  const send = customer(url, await platform.inputDir({ "a.csv": "x\n1\n2\n" }));
  assert.match((await send()).stdout, /"status":"sent"/);
  const first = await until("the file is in the ledger", async () => (await platform.files())[0]);
  assert.equal(first.state, "received");
  assert.match((await send()).stdout, /"status":"skipped"/);

  await Deno.remove(join(platform.data, "staging", USER, first.id));
  const lost = await platform.settled(USER, "a.csv");
  assert.equal(lost.state, "refused");
  assert.equal(lost.reason?.code, "bytes-lost");
  await manage.line(/"event":"file.reconciled".*"disagreement":"lost"/);

  // The same folder, unchanged.
  assert.match((await send()).stdout, /"status":"sent"/);
  await platform.deploy(USER, keepAll());
  const loaded = await until("it is loaded", async () => {
    const files = await platform.files({ name: "a.csv" });
    return files.find(({ state }) => state === "ingested") ?? null;
  });
  assert.notEqual(loaded.id, first.id);
  assert.equal(platform.count(USER, "items"), 2);
  assert.match((await send()).stdout, /"status":"skipped"/);
  const doctor = await platform.run("manage", "doctor");
  assert.match(doctor.stdout, /files +records and disk agree about every file/);
});

Deno.test("a file whose bytes vanish while manage is stopped: a plain tus client gets 201 with a new id", async () => {
  await using platform = await Platform.create(CONFIG);
  await platform.seedAccounts();
  const { url } = await platform.serve();
  const client = { url, user: USER, password: PASSWORD };
  const headers = {
    "Upload-Length": "6",
    "Upload-Metadata": `filename ${btoa("a.csv")}`,
    "Content-Type": "application/offset+octet-stream",
  };
  const request = async (path: string, init: RequestInit) => {
    const response = await tus(client, path, init);
    await response.text();
    return response;
  };
  const post = () => request("/v1/uploads", { method: "POST", headers, body: "x\n1\n2\n" });
  const first = await post();
  const id = first.headers.get("Mysimbdp-File-Id") ?? "";
  await Deno.remove(join(platform.data, "staging", USER, id));
  const location = first.headers.get("Location") ?? "";
  assert.equal((await request(location, { method: "HEAD" })).status, 404);
  const again = await post();
  assert.equal(again.status, 201);
  assert.notEqual(again.headers.get("Mysimbdp-File-Id"), id);
  await platform.deploy(USER, keepAll());
  assert.equal((await platform.run("manage", "--once")).code, 0);
  assert.equal(platform.count(USER, "items"), 2);
});

for (
  const [what, destroy] of Object.entries({
    "bytes are": (path: string) => Deno.remove(path),
    "record is": (path: string) => Deno.remove(`${path}.json`),
  })
) {
  Deno.test(`an upload whose ${what} removed while serve runs: fetch starts it again`, async () => {
    await using platform = await Platform.create(CONFIG);
    await platform.seedAccounts();
    const { url } = await platform.serve();
    const client = { url, user: USER, password: PASSWORD };
    const content = `x\n${"1\n".repeat(100)}`;
    const created = await tus(client, "/v1/uploads", {
      method: "POST",
      headers: {
        "Upload-Length": String(content.length),
        "Upload-Metadata": `filename ${btoa("a.csv")},sha256 ${btoa(await sha256Of(content))}`,
        "Content-Type": "application/offset+octet-stream",
      },
      body: content.slice(0, 50),
    });
    await created.text();
    assert.equal(created.headers.get("Upload-Offset"), "50");
    const id = (created.headers.get("Location") ?? "").split("/").at(-1) ?? "";
    await destroy(join(platform.data, "uploads", id));
    const send = customer(url, await platform.inputDir({ "a.csv": content }));
    const sent = await send();
    assert.equal(sent.code, 0, sent.stdout);
    assert.match(sent.stdout, /"status":"sent"/);
    const [staged] = (await platform.list("staging", USER)).filter((name) => !name.startsWith("."));
    const path = join(platform.data, "staging", USER, staged ?? "");
    assert.equal(await Deno.readTextFile(path), content);
    assert.deepEqual(await platform.list("uploads"), []);
  });
}

for (
  const [what, damage] of Object.entries({
    "cut off": (path: string) => Deno.truncate(path, 5),
    "changed, with the same size": (path: string) => Deno.writeTextFile(path, "x\n1\n9\n"),
  })
) {
  Deno.test(`a staged file that is ${what} is not loaded, and is taken again`, async () => {
    await using platform = await Platform.create(CONFIG);
    await platform.seedAccounts();
    const { url } = await platform.serve();
    const send = customer(url, await platform.inputDir({ "a.csv": "x\n1\n2\n" }));
    await send();
    const [id] = (await platform.list("staging", USER)).filter((name) => !name.startsWith("."));
    await damage(join(platform.data, "staging", USER, id ?? ""));
    await platform.deploy(USER, keepAll());
    platform.manage();
    const refused = await platform.settled(USER, "a.csv");
    assert.equal(refused.state, "refused");
    assert.equal(refused.reason?.code, "bytes-changed");
    await platform.emptied("staging", USER);
    const again = await send("--wait");
    assert.equal(again.code, 0, again.stdout);
    assert.equal(platform.count(USER, "items"), 2);
  });
}

Deno.test("a tenant's database is deleted: its files are loaded again from the archive", async () => {
  await using platform = await Platform.create(CONFIG);
  await platform.deploy(USER, keepAll());
  for (const name of ["a.csv", "b.csv"]) await platform.stage(USER, name, `x\n${name}\n`);
  assert.equal((await platform.run("manage", "--once")).code, 0);
  assert.equal(platform.count(USER, "items"), 2);
  for (const suffix of ["", "-wal", "-shm"]) {
    await Deno.remove(join(platform.data, `db/tenants/${USER}.sqlite${suffix}`)).catch(() => {});
  }
  const doctor = await platform.run("manage", "doctor");
  assert.match(doctor.stdout, /2 files: the ledger says that it is loaded/);
  const { code, stderr } = await platform.run("manage", "--once");
  assert.equal(code, 0, stderr);
  assert.equal(platform.count(USER, "items"), 2);
});

Deno.test("the ledger is deleted: its records are written again, and nothing is loaded twice", async () => {
  await using platform = await Platform.create(CONFIG);
  await platform.deploy(USER, keepAll());
  await platform.stage(USER, "a.csv", "x\n1\n");
  assert.equal((await platform.run("manage", "--once")).code, 0);
  const [before] = await platform.files();
  for (const suffix of ["", "-wal", "-shm"]) {
    await Deno.remove(join(platform.data, `db/ledger.sqlite${suffix}`)).catch(() => {});
  }
  assert.equal((await platform.run("manage", "--once")).code, 0);
  const [after] = await platform.files();
  assert.equal(after?.id, before?.id);
  assert.equal(after?.state, "ingested");
  assert.deepEqual(after?.rows, before?.rows);
  assert.equal(platform.count(USER, "items"), 1);
});

async function sha256Of(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}
