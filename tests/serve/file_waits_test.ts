import assert from "node:assert/strict";
import { createFileIds } from "../../src/data/file_id.ts";
import { Layout, prepareData } from "../../src/data/layout.ts";
import type { Waiting } from "../../src/protocol/file_view.ts";
import { FileWaits } from "../../src/serve/api/file_waits.ts";
import { ManageStateFile, readManageState } from "../../src/telemetry/manage_state.ts";

const HOUR_MS = 3_600_000;

/** What a waiting file of t1 waits for, on a platform that a test changes. */
async function withPlatform(
  test: (t: {
    layout: Layout;
    manage: ManageStateFile;
    set: { module: boolean; full: boolean; now: number };
    ask: (
      file?: { id?: string; state?: "received" | "running"; nextTryAt?: number; code?: string },
    ) => Promise<Waiting["code"] | number | null>;
  }) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "mysimbdp-waits-" });
  try {
    const layout = new Layout(dir);
    await prepareData(layout);
    const set = { module: true, full: false, now: Date.now() };
    let monotonic = 0;
    const waits = new FileWaits({
      layout,
      disk: { shortage: () => set.full ? { cause: "bytes" } as never : null },
      store: { currentVersion: () => Promise.resolve(set.module ? "v1-00000000" : null) },
      now: () => set.now,
      // Each question is later than what is remembered.
      monotonic: () => (monotonic += 2_000),
    });
    await test({
      layout,
      manage: new ManageStateFile(dir),
      set,
      async ask({ id = "01jd", state = "received", nextTryAt, code } = {}) {
        const at = nextTryAt === undefined ? null : new Date(nextTryAt).toISOString();
        const reason = code === undefined ? null : { code, message: code };
        const [found] = await waits.of("t1", [{ id, state, nextTryAt: at, reason }]);
        return found?.code === "queue" ? found.ahead : found?.code ?? null;
      },
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("a waiting file says what it waits for: module, service, retry, disk, storage, queue", () =>
  withPlatform(async ({ manage, set, ask }) => {
    assert.equal(await ask(), "service");
    await manage.write(true);
    assert.equal(await ask(), 0);
    set.module = false;
    assert.equal(await ask(), "module");
    set.module = true;
    assert.equal(await ask({ nextTryAt: set.now + 1_000 }), "retry");
    assert.equal(await ask({ nextTryAt: set.now - 1 }), 0);
    assert.equal(await ask({ nextTryAt: set.now - 1, code: "storage-full" }), "disk");
    set.full = true;
    assert.equal(await ask(), "disk");
    set.full = false;
    manage.observe({ kind: "storage.waiting", error: "refused" });
    await manage.write(true);
    assert.equal(await ask(), "storage");
    manage.observe({ kind: "problem.ended", problem: "storage.waiting", key: "" });
    await manage.write(true);
    assert.equal(await ask(), 0);
    await manage.write(false);
    assert.equal(await ask(), "service", "it ended normally");
  }));

Deno.test("a file that was loading waits for manage when that was killed, whatever the clock says", () =>
  withPlatform(async ({ manage, set, ask }) => {
    await manage.write(true);
    assert.equal(await ask({ state: "running" }), null);
    for (const shift of [HOUR_MS, -HOUR_MS]) {
      set.now = Date.now() + shift;
      assert.equal(await ask({ state: "running" }), "service");
    }
  }));

Deno.test("the files ahead are the tenant's older ones in staging, up to 1,000", () =>
  withPlatform(async ({ layout, manage, ask }) => {
    await manage.write(true);
    const folder = layout.tenantFolder("staging", "t1");
    await Deno.mkdir(folder);
    const nextId = createFileIds();
    const ids = Array.from({ length: 1_200 }, () => nextId());
    for (const id of ids) {
      await Deno.writeTextFile(`${folder}/${id}`, "");
      await Deno.writeTextFile(`${folder}/.${id}.json`, "");
    }
    await Deno.writeTextFile(`${folder}/by hand.csv`, "");
    for (const ahead of [0, 1, 17, 1_000]) assert.equal(await ask({ id: ids[ahead]! }), ahead);
    assert.equal(await ask({ id: ids[1_199]! }), 1_000);
    assert.equal(await ask({ id: nextId() }), 1_000, "not in staging yet");
  }));

Deno.test("two manage: what one of them can do is possible", async () => {
  const dir = await Deno.makeTempDir({ prefix: "mysimbdp-waits-" });
  try {
    const mine = new ManageStateFile(dir);
    mine.observe({
      kind: "sandbox.layers",
      layers: "",
      noNativePrograms: "bubblewrap is not installed",
    });
    mine.observe({ kind: "ledger.failed", code: "x", error: "y", fileId: null });
    await mine.write(true);
    const alone = await readManageState(dir, Date.now());
    assert.deepEqual(alone, {
      running: true,
      noNativePrograms: "bubblewrap is not installed",
      pausedBy: "storage",
    });
    const other = { running: true, noNativePrograms: null, pausedBy: null };
    await Deno.writeTextFile(`${dir}/metrics/state-other.json`, JSON.stringify(other));
    await Deno.writeTextFile(`${dir}/metrics/state-broken.json`, "{");
    assert.deepEqual(await readManageState(dir, Date.now()), other);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
