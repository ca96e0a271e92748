import assert from "node:assert/strict";
import type { FileRecord } from "../../src/storage/contract.ts";
import { keepAll, type ModuleOptions } from "../harness/modules.ts";
import { addsUp, Platform } from "../harness/platform.ts";
import { childrenOf, isAlive } from "../harness/process.ts";
import { until } from "../harness/until.ts";

const CONFIG = "[manage]\nscan_seconds = 0.5\n";
const TEN = "x\n" + Array.from({ length: 10 }, (_, n) => `${n}\n`).join("");

interface Bad {
  what: string;
  module: ModuleOptions;
  code: string;
  reason: RegExp;
}

/** The harmful statement, at the fifth record; earlier records have returned rows. */
const atFifth = (statement: string) => `if (record.x === "4") { ${statement} }`;

const BAD: Bad[] = [
  {
    what: "an endless loop",
    module: { before: atFifth("for (;;);"), limits: { secondsPerFile: 1 } },
    code: "sandbox-time",
    reason: /took longer than 1 seconds/,
  },
  {
    what: "a regular expression that does not end",
    module: {
      before: atFifth('/^(a+)+$/.test("a".repeat(60) + "!");'),
      limits: { secondsPerFile: 1 },
    },
    code: "sandbox-time",
    reason: /took longer than 1 seconds/,
  },
  {
    what: "a heap that grows without end",
    module: {
      before: atFifth(
        "const held = []; for (;;) held.push({ at: held.length, text: `${held.length}` });",
      ),
      limits: { memoryMb: 256, secondsPerFile: 60 },
    },
    code: "sandbox-memory",
    reason: /used more than 256 MB/,
  },
  {
    what: "ArrayBuffers without end",
    module: {
      before: atFifth("const held = []; for (;;) held.push(new Uint8Array(1 << 24).fill(1));"),
      limits: { memoryMb: 256, secondsPerFile: 60 },
    },
    code: "sandbox-memory",
    reason: /used more than 256 MB/,
  },
  {
    what: "a flood of rows from one record",
    module: {
      before: atFifth(
        "const rows = []; for (let n = 0; n < 20_000_000; n++) " +
          "rows.push({ id: ctx.rowId, file: 'f', line: n, content: 'y' }); return { items: rows };",
      ),
      limits: { memoryMb: 256, secondsPerFile: 60 },
    },
    code: "sandbox-memory",
    reason: /used more than 256 MB/,
  },
  {
    what: "many rows from each record",
    module: {
      before: "const row = { id: ctx.rowId, file: 'f', line: 1, content: 'y'.repeat(10_000) }; " +
        "return { items: Array(1_000).fill(row) };",
    },
    code: "too-much-output",
    reason: /more than 64 MB of rows/,
  },
  {
    what: "more rejects than may be",
    module: {
      before: "if (Number(record.x) % 2) return ctx.reject('odd', 'x');",
      limits: { rejectShare: 0.4 },
    },
    code: "reject-share",
    reason: /5 of 10 records were rejected \(50 %, limit: 40 %\)/,
  },
];

async function checkBad(platform: Platform, tenant: string, bad: Bad): Promise<FileRecord> {
  const file = await platform.settled(tenant, "bad.csv", 90);
  assert.equal(file.state, "quarantined", JSON.stringify(file));
  assert.equal(file.reason?.code, bad.code, JSON.stringify(file));
  assert.match(file.reason?.message ?? "", bad.reason);
  assert.ok(addsUp(file), JSON.stringify(file));
  assert.equal(platform.count(tenant, "items"), 0, "none of its rows stay");
  const rejects = await platform.rejects(file.id);
  assert.equal(rejects.length, file.rows.rejected);
  return file;
}

Deno.test("a harmful module: its file goes to quarantine, the other tenants' files are loaded", async (t) => {
  await using platform = await Platform.create(CONFIG);
  await platform.deploy("good", keepAll());
  for (const [n, { module }] of BAD.entries()) await platform.deploy(`bad-${n}`, keepAll(module));
  const manage = platform.manage();
  for (const [n, bad] of BAD.entries()) {
    await t.step(bad.what, async () => {
      await platform.stage(`bad-${n}`, "bad.csv", TEN);
      await until("it runs", async () => {
        const [file] = await platform.files({ tenant: `bad-${n}` });
        return file?.startedAt;
      });
      await platform.stage("good", `${n}.csv`, `x\n${n}\n`);
      await checkBad(platform, `bad-${n}`, bad);
      assert.equal((await platform.settled("good", `${n}.csv`)).state, "ingested");
    });
  }
  await t.step(
    "the rejects of a quarantined file are kept, with line, column, reason, raw",
    async () => {
      const [file] = await platform.files({ tenant: `bad-${BAD.length - 1}` });
      const rejects = await platform.rejects(file?.id ?? "");
      const wanted = [1, 3, 5, 7, 9].map((n) => ({
        line: n + 2,
        column: "x",
        reason: "odd",
        raw: `${n}`,
      }));
      assert.deepEqual(rejects, wanted);
      assert.deepEqual({ ...file?.rows }, {
        ...{ read: 10, stored: 0, rejected: 5, skipped: 5, written: 0, replaced: 0 },
      });
    },
  );
  assert.equal(platform.count("good", "items"), BAD.length);
  assert.equal((await manage.stop()).code, 0);
});

Deno.test("a module that is ended during its output fails at once, with the limit it exceeded", async () => {
  await using platform = await Platform.create(CONFIG);
  const flood = "const row = { id: ctx.rowId, file: 'f', line: 1, content: 'y'.repeat(10_000) }; " +
    "return { items: Array(1_000).fill(row) };";
  await platform.deploy("t1", keepAll({ before: flood }));
  const manage = platform.manage();
  for (let n = 0; n < 4; n++) {
    await platform.stage("t1", `${n}.csv`, `x\n${n}\n` + "1\n".repeat(50));
    const file = await platform.settled("t1", `${n}.csv`);
    // Whichever limit is reached first: memory in the child, or output in the host.
    assert.match(file.reason?.code ?? "", /^(sandbox-memory|too-much-output)$/);
    assert.equal(file.attempts, 1, manage.transcript());
  }
  assert.equal(platform.count("t1", "items"), 0);
});

Deno.test("while a module loops, another tenant's file is loaded", async () => {
  await using platform = await Platform.create(`${CONFIG}concurrency = 2\n`);
  await platform.deploy("bad", keepAll({ before: "for (;;);", limits: { secondsPerFile: 20 } }));
  await platform.deploy("good", keepAll());
  const manage = platform.manage();
  for (const name of ["1.csv", "2.csv"]) await platform.stage("bad", name, TEN);
  await manage.line(/"file\.started"/);
  await platform.stage("good", "a.csv", TEN);
  assert.equal((await platform.settled("good", "a.csv")).state, "ingested");
  const [second, first] = await platform.files({ tenant: "bad" });
  assert.deepEqual([first?.state, second?.state], ["running", "queued"]);
  const children = childrenOf(manage.pid);
  assert.ok(children.length > 0);
  manage.kill();
  await until("the loop has ended with its manage", () => !children.some(isAlive));
});

Deno.test("a module that floods its console: its file is loaded, the log stays short", async () => {
  await using platform = await Platform.create(CONFIG);
  const flood = "for (let n = 0; n < 20_000; n++) console.log('flood', n, 'z'.repeat(50_000));";
  await platform.deploy("t1", keepAll({ before: flood }));
  const manage = platform.manage();
  await platform.stage("t1", "a.csv", TEN);
  const file = await platform.settled("t1", "a.csv");
  assert.equal(file.state, "ingested", JSON.stringify(file));
  assert.equal(platform.count("t1", "items"), 10);
  assert.equal((await manage.stop()).code, 0);
  const lines = manage.records().filter(({ event }) => event === "module.log");
  assert.ok(lines.length > 0, "console lines are logged");
  assert.ok(lines.length <= 200, `${lines.length} lines`);
  assert.ok(manage.stderr.text.length < 1_000_000, `${manage.stderr.text.length} characters`);
});
