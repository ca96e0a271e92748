import assert from "node:assert/strict";
import { join } from "node:path";
import { diskUse } from "../../src/base/disk.ts";
import { keepAll } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { canMountDisk, fillDisk, MB, remountDisk, smallDisk } from "../harness/small_disk.ts";
import { upload } from "../harness/tus.ts";
import { until } from "../harness/until.ts";

const canMount = await canMountDisk();
/** What a small upload takes: its bytes, its record, and its lines in the receipts and the ledger. */
const SMALL_BYTES = 16 * 1024;

/** A CSV file of short lines: its rows take thirty times its size while it is loaded. */
function shortLines(bytes: number): { content: string; lines: number } {
  const lines: string[] = [];
  for (let size = 0; size < bytes; size += lines.at(-1)!.length) lines.push(`${lines.length}\n`);
  return { content: `x\n${lines.join("")}`, lines: lines.length };
}

/** Bytes of the tenant's write-ahead log; 0 without one. */
function logOf(platform: Platform, tenant: string): number {
  try {
    return Deno.statSync(join(platform.data, `db/tenants/${tenant}.sqlite-wal`)).size;
  } catch {
    return 0;
  }
}

Deno.test({
  name: "a load that does not fit on the disk gives back its log, and uploads go on meanwhile",
  ignore: !canMount,
  async fn(t) {
    await using disk = await smallDisk(160);
    await using platform = await Platform.create("[manage]\nscan_seconds = 0.5\n", disk.path);
    await platform.seedAccounts();
    await platform.deploy("customer-1", keepAll());
    const { url, process } = await platform.serve();
    const customer = { url, user: "customer-1", password: "password-1" };
    const other = { url, user: "customer-2", password: "password-2" };
    const manage = platform.manage();
    const { content, lines } = shortLines(8 * MB);
    const free = () => diskUse(platform.data).freeBytes;
    const before = free();
    let sent = 0;
    assert.equal(
      (await upload(customer, "big.csv", new TextEncoder().encode(content))).status,
      201,
    );

    await t.step(
      "the file waits, its attempt does not count, nothing of it is stored",
      async () => {
        let longest = 0;
        await until("it waits for room", async () => {
          longest = Math.max(longest, logOf(platform, "customer-1"));
          const bytes = new TextEncoder().encode(`x\n${sent}\n`);
          assert.equal((await upload(other, `small-${sent++}.csv`, bytes)).status, 201);
          const [file] = await platform.files({ tenant: "customer-1" });
          return file?.state === "queued" && file.reason?.code === "storage-full";
        });
        const [file] = await platform.files({ tenant: "customer-1" });
        assert.equal(file?.attempts, 0);
        assert.match(file?.reason?.message ?? "", /the platform's disk is full/);
        assert.match(manage.stderr.text, /needs about [\d.]+ MiB .* must stay free/);
        assert.ok(longest < 100 * MB, `the log had ${longest} bytes`);
        assert.equal(platform.count("customer-1", "items"), 0);
      },
    );
    await t.step("the log is gone and the disk is as before", async () => {
      await until("the log is short", () => logOf(platform, "customer-1") < 5 * MB);
      assert.ok(free() > before - content.length - sent * SMALL_BYTES - 8 * MB);
    });
    await t.step("it does not try again and again", async () => {
      await new Promise((resolve) => setTimeout(resolve, 4_000));
      assert.ok(manage.stderr.text.split('"file.started"').length <= 4, manage.stderr.text);
    });
    await remountDisk(disk, "size=800m");
    await t.step("with room it is loaded, without a restart", async () => {
      const file = await platform.settled("customer-1", "big.csv");
      assert.equal(file.state, "ingested", JSON.stringify(file.reason));
      assert.equal(file.rows.stored, lines);
      assert.equal(platform.count("customer-1", "items"), lines);
    });
    assert.equal((await manage.stop()).code, 0);
    assert.equal(logOf(platform, "customer-1"), 0);
    assert.equal((await process.stop()).code, 0);
  },
});

Deno.test({
  name: "the log of a killed load is truncated at the next start, also when no byte is free",
  ignore: !canMount,
  async fn() {
    await using disk = await smallDisk(600);
    await using platform = await Platform.create("[manage]\nscan_seconds = 0.5\n", disk.path);
    await platform.deploy("t1", keepAll());
    const { content, lines } = shortLines(4 * MB);
    await platform.stage("t1", "big.csv", content);
    const manage = platform.manage();
    await until("the log grows", () => logOf(platform, "t1") > 20 * MB);
    manage.kill();
    await manage.ended(10);
    assert.ok(logOf(platform, "t1") > 20 * MB);
    const free = await fillDisk(platform.dir, 0);
    const { code, stderr } = await platform.run("manage", "--once");
    assert.equal(code, 5, stderr);
    assert.equal(logOf(platform, "t1"), 0, stderr);
    await free();
    await platform.must("manage", "--once");
    assert.equal(platform.count("t1", "items"), lines);
  },
});
