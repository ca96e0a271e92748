import assert from "node:assert/strict";
import { join } from "node:path";
import { buildFiles } from "../../src/modules/build/build.ts";
import {
  approveVersion,
  deployVersion,
  rejectVersion,
  rollBack,
} from "../../src/modules/review.ts";
import { changesOf, diffModules, permissionsText } from "../../src/modules/diff.ts";
import { ModuleInbox } from "../../src/modules/inbox.ts";
import { ModuleLog } from "../../src/modules/module_log.ts";
import { type BuiltModule, ModuleStore } from "../../src/modules/store.ts";
import { checkModuleFiles } from "../../src/modules/source.ts";
import { submitModule } from "../../src/modules/submit.ts";
import type { TableSpec } from "../../src/batch/column.ts";
import { parseTenantJson } from "../../src/config/tenant_json.ts";

const INGEST = `import { csv, defineIngest } from "mysimbdp";
export default defineIngest({
  files: "*",
  format: csv(),
  tables: { t: { columns: { k: "text" }, partitionKey: ["k"] } },
  row: (record) => ({ t: { k: record["k"] } }),
});`;
const BUILT: BuiltModule = {
  script: "var __module = {};",
  declaration: {
    allowEmpty: false,
    versions: "add",
    hasRow: true,
    files: ["*"],
    format: { kind: "csv", options: {} },
    tables: [{
      name: "t",
      columns: [{ name: "k", type: "text" }],
      partitionKey: ["k"],
      clusteringKey: [],
    }],
  },
  tenantJson: parseTenantJson("{}", "tenant.json"),
};
const BY = { by: "somebody", now: 0 };

async function withStore(test: (store: ModuleStore, inbox: ModuleInbox) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  try {
    await test(new ModuleStore(dir), new ModuleInbox(dir));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const code = (expected: string) => (thrown: { code?: string }) => thrown.code === expected;

Deno.test("version numbers count up when tenants and operators create versions at the same time", () =>
  withStore(async (store, inbox) => {
    const files = (i: number) => ({ "ingest.ts": `// ${i}` });
    await Promise.all(
      [0, 1, 2, 3, 4, 5].map((i) =>
        i % 2 === 0
          ? submitModule(store, inbox, "t1", files(i), 0)
          : deployVersion(store, "t1", files(i), BUILT, BY)
      ),
    );
    const numbers = (await store.versions("t1")).map((version) => version.split("-")[0]);
    assert.deepEqual(numbers, ["v1", "v2", "v3", "v4", "v5", "v6"]);
    assert.equal((await inbox.list()).length, 3);
    for (const { version } of await store.records("t1")) {
      const { "ingest.ts": text = "" } = await store.sources("t1", version);
      assert.match(text, /^\/\/ \d$/);
    }
  }));

Deno.test("a version accepts only the decisions that its state allows", () =>
  withStore(async (store, inbox) => {
    const { version } = await submitModule(store, inbox, "t1", { "ingest.ts": "" }, 0);
    const deps = { store, log: new ModuleLog(store) };
    await rejectVersion(deps, { tenant: "t1", version }, BY);
    await assert.rejects(
      approveVersion(store, { tenant: "t1", version }, BY, null),
      code("wrong-version-state"),
    );
    await assert.rejects(
      rejectVersion(deps, { tenant: "t1", version }, BY),
      code("wrong-version-state"),
    );
    await assert.rejects(rollBack(store, "t1", null, BY), code("no-earlier-version"));
    await assert.rejects(
      rejectVersion(deps, { tenant: "t1", version: "../x" }, BY),
      code("no-such-version"),
    );
    await assert.rejects(rollBack(store, "t1", "v9-00000000", BY), code("no-earlier-version"));
  }));

Deno.test("a rollback does nothing if its version is no longer current", () =>
  withStore(async (store) => {
    await deployVersion(store, "t1", { "ingest.ts": "1" }, BUILT, BY);
    const second = await deployVersion(store, "t1", { "ingest.ts": "2" }, BUILT, BY);
    const third = await deployVersion(store, "t1", { "ingest.ts": "3" }, BUILT, BY);
    assert.equal(third.previous, second.record.version);
    assert.equal(await rollBack(store, "t1", null, BY, second.record.version), null);
    assert.equal(await store.currentVersion("t1"), third.record.version);
    const done = await rollBack(store, "t1", null, BY, third.record.version);
    assert.equal(done?.to.version, second.record.version);
  }));

Deno.test("a version without a record, from an early program, counts as approved", () =>
  withStore(async (store) => {
    const { record } = await deployVersion(store, "t1", { "ingest.ts": "1" }, BUILT, BY);
    const folder = join(store.folder("t1"), record.version);
    await Deno.remove(join(folder, "version.json"));
    await Deno.remove(join(folder, "source.json"));
    assert.equal((await store.record("t1", record.version)).state, "approved");
    assert.deepEqual(await store.sources("t1", record.version), {});
    assert.equal((await store.current("t1"))?.script, BUILT.script);
  }));

Deno.test("the log has a maximum size and keeps its last entries", () =>
  withStore(async (store) => {
    const log = new ModuleLog(store);
    const about = { kind: "file" as const, version: null, fileId: null, file: null };
    for (let i = 0; i < 8; i++) {
      const entries = Array.from({ length: 100 }, (_, k) => ({
        at: "2026-01-01T00:00:00.000Z",
        ...about,
        message: `${i * 100 + k} ${"x".repeat(5_000)}`,
      }));
      await log.append("t1", entries);
    }
    const path = join(store.folder("t1"), "log.jsonl");
    assert.ok((await Deno.stat(path)).size < 700_000);
    await Deno.writeTextFile(path, '{"at":"20', { append: true });
    const last = await log.last("t1", 100);
    assert.equal(last[0]?.message.split(" ")[0], "799");
    assert.equal(last.length, 99);
  }));

Deno.test("a diff has added, removed and changed files only", () => {
  const before = { "a.ts": "1\n", "b.ts": "same\n", "c.ts": "gone\n" };
  const text = diffModules(before, { "a.ts": "2\n", "b.ts": "same\n", "d.ts": "new\n" });
  assert.equal(
    text,
    "--- a/a.ts\n+++ b/a.ts\n@@ -1,1 +1,1 @@\n-1\n+2\n" +
      "--- a/c.ts\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-gone\n" +
      "--- /dev/null\n+++ b/d.ts\n@@ -0,0 +1,1 @@\n+new\n",
  );
  assert.equal(diffModules(before, before), "");
});

Deno.test("a diff makes hidden characters visible", () => {
  const hidden = [..."\u202e\u2066\u200b\u2028\u061c\u3164\ufeff\u00ad\ufe0f\u001b\u{e0041}"];
  for (const mark of hidden) {
    const text = diffModules({}, { "a.ts": `// harmless${mark}steal()\n` });
    const code = mark.codePointAt(0)!.toString(16);
    assert.ok(!text.includes(mark) && text.includes(code), `U+${code}: ${text}`);
  }
  const carriage = diffModules({}, { "a.ts": "// harmless\rsteal()\n" });
  assert.match(carriage, /harmless\\u000dsteal/);
  const plain = "const größe = '日本 🙂';\r\n\tx();\r\n";
  assert.ok(
    diffModules({}, { "a.ts": plain }).includes("+const größe = '日本 🙂';\r\n+\tx();\r\n"),
  );
});

Deno.test("a diff shows the size and the hash of WebAssembly files", () => {
  const text = diffModules({ "a.wasm": "AGFzbQ==" }, { "a.wasm": "AGFzbQE=" });
  assert.match(text, /^-WebAssembly of 4 bytes, SHA-256 [0-9a-f]{64}$/m);
  assert.match(text, /^\+WebAssembly of 5 bytes, SHA-256 [0-9a-f]{64}$/m);
});

Deno.test("WebAssembly may be larger than sources, and paths must be possible on a disk", () => {
  checkModuleFiles({ "tenant.json": "{}", "a.wasm": "A".repeat(5_000_000), "b/c.ts": "" });
  const cases: [Record<string, string>, string][] = [
    [{ "a.wasm": "A".repeat(23_000_000) }, "module-too-large"],
    [{ "a.ts": "x".repeat(3_000_000) }, "module-too-large"],
    [{ "a.py/b.py": "", "a.py": "" }, "bad-module-files"],
    [{ "A.py": "", "a.py/b/c.py": "" }, "bad-module-files"],
  ];
  for (const [files, expected] of cases) {
    assert.throws(() => checkModuleFiles(files), code(expected));
  }
});

Deno.test("old versions are removed when a tenant submits a new one", () =>
  withStore(async (store, inbox) => {
    for (let i = 0; i < 60; i++) {
      await deployVersion(store, "t1", { "ingest.ts": `${i}` }, BUILT, BY);
    }
    const current = await store.currentVersion("t1");
    await submitModule(store, inbox, "t1", { "ingest.ts": "new" }, 0);
    const left = await store.versions("t1");
    assert.equal(left.length, 52, "50 for rollbacks, the current one and the new one");
    assert.ok(left.includes(current!));
  }));

Deno.test("versions are bounded in bytes too: the oldest are removed, the last one that ran stays", () =>
  withStore(async (store, inbox) => {
    /** Gives a version 20 MiB, as a hole. */
    const enlarge = async ({ version }: { version: string }) => {
      await Deno.truncate(join(store.folder("t1"), version, "source.json"), 20 * 1024 ** 2);
    };
    for (let i = 0; i < 18; i++) {
      await enlarge((await deployVersion(store, "t1", { "a.ts": `${i}` }, BUILT, BY)).record);
    }
    const before = await store.versions("t1");
    const wait = (i: number) => submitModule(store, inbox, "t1", { "a.ts": `${i}` }, 0);
    const first = await wait(100);
    await enlarge(first);
    const left = await store.versions("t1");
    assert.deepEqual(
      left,
      [...before.slice(-13), first.version],
      "12 of 20 MiB are within 256 MiB",
    );
    for (let i = 101; i < 107; i++) await enlarge(await wait(i));
    await assert.rejects(wait(107), code("too-many-submissions"));
  }));

Deno.test("a built version is read as it was written, with the options of its columns", () =>
  withStore(async (store) => {
    const columns: TableSpec["columns"] = [
      { name: "k", type: "text" },
      { name: "n", type: "decimal", options: { from: ["N", "n"], decimal: ",", null: ["-"] } },
    ];
    const repeatedKeys = "reject" as const;
    const tables = BUILT.declaration.tables.map((table) => ({ ...table, columns, repeatedKeys }));
    const declaration = { ...BUILT.declaration, entries: ["in/*.csv"], tables, hasRow: false };
    await deployVersion(store, "t1", {}, { ...BUILT, declaration }, BY);
    const current = await store.current("t1");
    assert.deepEqual(current?.declaration.tables, tables);
    assert.deepEqual(current?.declaration.entries, ["in/*.csv"]);
    assert.deepEqual(current?.tenantJson, BUILT.tenantJson);
  }));

Deno.test("a review shows what a version may do, also without tenant.json", () =>
  withStore(async (store, inbox) => {
    const built = await buildFiles({ "ingest.ts": INGEST }, "");
    const { record } = await deployVersion(store, "t1", { "ingest.ts": INGEST }, built, BY);
    const at = { tenant: "t1", version: record.version };
    const { permissions, files } = await changesOf(store, at);
    assert.deepEqual(Object.keys(files), ["ingest.ts"]);
    assert.deepEqual(permissions, { write: ["t"], read: [], net: [], secrets: [] });
    const unchecked = await submitModule(store, inbox, "t1", { "ingest.ts": "" }, 0);
    const changes = await changesOf(store, { tenant: "t1", version: unchecked.version });
    assert.equal(changes.permissions, null);
  }));

Deno.test("permissions as one line", () => {
  const none = { write: [], read: [], net: [], secrets: [] };
  assert.equal(permissionsText({ ...none, write: ["a", "b"] }), "write a, b");
  assert.equal(
    permissionsText({ write: ["a"], read: ["b"], net: ["c:1", "d"], secrets: ["E"] }),
    "write a; read b; net c:1, d; secrets E",
  );
});
