import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../src/base/failure.ts";
import { DiskState } from "../../src/data/disk_state.ts";
import { canMountDisk, fillDisk, MB, remountDisk, smallDisk } from "../harness/small_disk.ts";

const canMount = await canMountDisk();

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

async function isRefused(disk: DiskState, bytes?: number): Promise<string | null> {
  try {
    await disk.require(bytes);
    return null;
  } catch (error) {
    assert.ok(error instanceof Failure && error.code === "no-space", String(error));
    return String(error.details["cause"]);
  }
}

Deno.test({
  name: "a disk is full below the reserve: one change at the beginning and one at the end",
  ignore: !canMount,
  async fn() {
    await using mount = await smallDisk(8);
    let now = 1_000;
    const folders = [mount.path, join(mount.path, "missing")];
    const disk = new DiskState({ folders, reserveBytes: 2 * MB, now: () => now });
    assert.equal(await isRefused(disk), null);
    assert.equal(await isRefused(disk, 7 * MB), "space", "it does not fit beside the reserve");
    assert.equal(await disk.change(), null);
    const free = await fillDisk(mount.path, MB);
    const change = await disk.change();
    assert.ok(change?.type === "full");
    assert.equal(change.shortage.cause, "space");
    assert.equal(change.shortage.missingBytes, 2 * MB - change.shortage.freeBytes);
    assert.equal(await disk.change(), null);
    assert.equal(await isRefused(disk), "space");
    await free();
    now = 31_000;
    assert.equal(await isRefused(disk), null, "at once");
    const end = await disk.change();
    assert.ok(end?.type === "free");
    assert.equal(end.seconds, 30);
    assert.equal(await disk.change(), null);
  },
});

Deno.test({
  name: "no inodes and a read-only file system are found out, and their ends",
  ignore: !canMount,
  async fn() {
    await using mount = await smallDisk(8);
    const disk = new DiskState({ folders: [mount.path], reserveBytes: MB });
    await remountDisk(mount, "nr_inodes=10");
    assert.equal(await isRefused(disk), "inodes");
    await remountDisk(mount, "nr_inodes=1000");
    assert.equal(await isRefused(disk), null);
    await remountDisk(mount, "ro");
    assert.equal(await isRefused(disk), null, "nothing was written yet");
    await disk.probe();
    assert.equal(disk.shortage()?.cause, "read-only");
    assert.equal((await disk.change())?.type, "full");
    const ofSqlite = Object.assign(new Error("disk I/O error"), { errcode: 778 });
    const explained = await new DiskState({ folders: [mount.path], reserveBytes: MB }).explainAll(
      ofSqlite,
    );
    assert.equal((explained as Failure).details["cause"], "read-only");
    await remountDisk(mount, "rw");
    assert.equal(await disk.explainAll(ofSqlite), ofSqlite, "the disk was not the cause");
    assert.equal((await disk.change())?.type, "free");
    assert.equal(await isRefused(disk), null);
    assert.deepEqual([...Deno.readDirSync(mount.path)], [], "no probe is left");
  },
});

Deno.test("errors of a disk become no-space, whoever reports them; a quota is remembered until a write succeeds", async () => {
  const dir = await Deno.makeTempDir();
  const disk = new DiskState({ folders: [dir], reserveBytes: 1 });
  try {
    const quota = disk.explain(systemError("EDQUOT"));
    assert.ok(quota instanceof Failure);
    assert.equal(quota.details["cause"], "quota");
    assert.equal(disk.shortage()?.cause, "quota");
    assert.equal(await isRefused(disk), null, "a probe could be written");
    const other = new Error("anything else");
    assert.equal(disk.explain(other), other);
    const wrapped = new Failure("usage", "users-file-unwritable", "Cannot write", {
      cause: systemError("ENOSPC"),
    });
    assert.equal((disk.explain(wrapped) as Failure).code, "no-space");
    using db = new DatabaseSync(":memory:");
    db.exec("PRAGMA max_page_count=3; CREATE TABLE t (x)");
    const full = (() => {
      try {
        db.prepare("INSERT INTO t VALUES (zeroblob(100000))").run();
      } catch (error) {
        return disk.explain(error);
      }
    })();
    assert.equal((full as Failure).code, "no-space");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
