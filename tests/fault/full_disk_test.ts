import assert from "node:assert/strict";
import { join } from "node:path";
import { noise, sha256 } from "../harness/chance.ts";
import { keepAll } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { canMountDisk, fillDisk, MB, smallDisk } from "../harness/small_disk.ts";
import { type Customer, tus, upload } from "../harness/tus.ts";
import { pause, until } from "../harness/until.ts";

const DISK_MB = 48;
const canMount = await canMountDisk();
if (!canMount) {
  console.log("a full disk is not tested: only root on Linux can mount a small file system");
}

async function problemOf(answer: Response): Promise<{ status: number; type: string }> {
  assert.match(answer.headers.get("Content-Type") ?? "", /^application\/problem\+json/);
  return { ...await answer.json(), status: answer.status };
}

function create(customer: Customer, name: string, length: number): Promise<Response> {
  const metadata = `filename ${btoa(name)}`;
  const headers = { "Upload-Length": String(length), "Upload-Metadata": metadata };
  return tus(customer, "/v1/uploads", { method: "POST", headers });
}

function append(
  customer: Customer,
  path: string,
  offset: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const type = "application/offset+octet-stream";
  const headers = { "Upload-Offset": String(offset), "Content-Type": type };
  return tus(customer, path, { method: "PATCH", headers, body: bytes.slice(offset) });
}

async function offsetOf(customer: Customer, path: string): Promise<number> {
  const answer = await tus(customer, path, { method: "HEAD" });
  assert.equal(answer.status, 200);
  return Number(answer.headers.get("Upload-Offset"));
}

Deno.test({
  name: "serve on a full disk: 507, no leftovers, and uploads resume when there is space",
  ignore: !canMount,
  async fn(t) {
    await using disk = await smallDisk(DISK_MB);
    await using platform = await Platform.create("", disk.path);
    await platform.seedAccounts();
    const { url, process } = await platform.serve();
    const customer = { url, user: "customer-1", password: "password-1" };
    const staged = async () => (await platform.list("staging/customer-1")).length;

    await t.step("a file that does not fit is refused before its first byte", async () => {
      const { status, type } = await problemOf(await create(customer, "large.csv", 40 * MB));
      assert.equal(status, 507);
      assert.match(type, /no-space$/);
      assert.deepEqual(await platform.list("uploads"), []);
    });

    const bytes = noise(12 * MB);
    let path = "";
    await t.step(
      "the disk fills while a file is sent: 507, and no part of it is seen",
      async () => {
        const created = await create(customer, "a.csv", bytes.length);
        await created.body?.cancel();
        assert.equal(created.status, 201);
        path = created.headers.get("Location") ?? "";
        const free = await fillDisk(platform.dir, 4 * MB);
        const { status, type } = await problemOf(await append(customer, path, 0, bytes));
        assert.equal(status, 507);
        assert.match(type, /no-space$/);
        assert.equal(await staged(), 0);
        await free();
      },
    );

    await t.step("with space again the same upload resumes and completes", async () => {
      const offset = await offsetOf(customer, path);
      assert.ok(offset < bytes.length);
      const answer = await append(customer, path, offset, bytes);
      assert.equal(answer.status, 204);
      const id = answer.headers.get("Mysimbdp-File-Id") ?? "";
      const stored = await Deno.readFile(join(platform.data, "staging/customer-1", id));
      assert.equal(sha256(stored), sha256(bytes));
      assert.deepEqual(await platform.list("uploads"), []);
    });

    await t.step("no byte is free: 507, then as before", async () => {
      const before = await staged();
      const free = await fillDisk(platform.dir, 0);
      assert.equal((await upload(customer, "b.csv", noise(1_000))).status, 507);
      assert.equal((await fetch(`${url}/livez`).then((answer) => answer.text())).length > 0, true);
      await free();
      assert.deepEqual(await platform.list("uploads"), []);
      assert.equal(await staged(), before);
      assert.equal((await upload(customer, "b.csv", noise(1_000))).status, 201);
      assert.equal(await staged(), before + 2);
    });
    assert.equal((await process.stop()).code, 0);
  },
});

Deno.test({
  name: "manage on a full disk: no row is lost, and the file is loaded when there is space",
  ignore: !canMount,
  async fn() {
    await using disk = await smallDisk(DISK_MB);
    await using platform = await Platform.create("[manage]\nscan_seconds = 0.5\n", disk.path);
    await platform.deploy("t1", keepAll());
    await platform.stage("t1", "first.csv", "x\n1\n");
    const manage = platform.manage();
    assert.equal((await platform.settled("t1", "first.csv")).state, "ingested");
    const lines = 60_000;
    const content = "x\n" + Array.from({ length: lines }, (_, n) => `${n}\n`).join("");
    const free = await fillDisk(platform.dir, 2 * MB);
    await platform.stage("t1", "second.csv", content);
    await until("it was tried", () => /storage-full|is full|SQLITE_FULL/i.test(manage.stderr.text))
      .catch((error: Error) => assert.fail(`${error.message}\n${manage.transcript()}`));
    await pause(1_000);
    assert.equal(manage.hasEnded, false, manage.transcript());
    assert.equal(platform.count("t1", "items"), 1, "a part of a file is never seen");
    await free();
    const file = await platform.settled("t1", "second.csv");
    assert.equal(file.state, "ingested", JSON.stringify(file));
    assert.equal(file.rows.stored, lines);
    assert.equal(file.rows.replaced, 0);
    assert.equal(platform.count("t1", "items"), lines + 1);
    assert.equal((await manage.stop()).code, 0);
  },
});
