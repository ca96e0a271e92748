import assert from "node:assert/strict";
import { Failure } from "../../src/base/failure.ts";
import type { TelemetryEvent } from "../../src/telemetry/events.ts";
import { ingestLine } from "../../src/telemetry/ingest_line.ts";
import { processOutput } from "../../src/telemetry/output.ts";
import { journalPrefix } from "../../src/telemetry/journal.ts";
import { MetricsFile, readMetricsFiles } from "../../src/telemetry/snapshot.ts";
import { createTelemetry, type TelemetryOptions } from "../../src/telemetry/telemetry.ts";

const FILE = { tenant: "customer-1", fileId: "01jd", name: "Data1000lines.csv" };
const ROWS = { read: 1000, stored: 999, rejected: 1, skipped: 0, written: 999, replaced: 0 };
// Local time, as the line shows it, wherever the test runs.
const FINISHED = new Date(2019, 9, 31, 15, 16, 22).getTime();
const INGESTED: TelemetryEvent = {
  kind: "file.ingested",
  ...FILE,
  size: 131_889,
  rows: ROWS,
  seconds: 0.8234226703643799,
  finishedAt: FINISHED,
  replacedFiles: [],
};
const LINE = "2019-10-31 15:16:22 - Ingestion of the file: Data1000lines.csv for customer-1 - " +
  "size: 128.7978515625 KB - 999 lines ingested in 0.8234226703643799 seconds\n";

/** Telemetry whose output a test can read; `using` closes it. */
function setUp(options: TelemetryOptions = {}) {
  const written = { stdout: "", stderr: "" };
  const telemetry = createTelemetry({
    stdout: { write: (text) => void (written.stdout += text) },
    stderr: { write: (text) => void (written.stderr += text) },
    version: "1.2.3",
    ...options,
  });
  return {
    telemetry,
    written,
    records: () => written.stderr.split("\n").filter(Boolean).map((line) => JSON.parse(line)),
    metric: async (sample: string) =>
      (await telemetry.registry.metrics()).split("\n")
        .find((line) => line.startsWith(sample + " "))?.slice(sample.length + 1),
    [Symbol.dispose]: () => telemetry.close(),
  };
}

Deno.test("an ingestion prints the contract's line, to the letter", () => {
  using t = setUp();
  t.telemetry.emit(INGESTED);
  assert.equal(t.written.stdout, LINE);
});

Deno.test("numbers in the line are printed in full, always with a fraction", () => {
  const line = (size: number, seconds: number) =>
    ingestLine({ ...FILE, finishedAt: FINISHED, size, stored: 1, seconds })
      .replace(/^.*size: (\S+) KB .* in (\S+) seconds\n$/, "$1 $2");
  assert.equal(line(2048, 3), "2.0 3.0");
  assert.equal(line(1, 1 / 3), "0.0009765625 0.3333333333333333");
  assert.equal(line(0, 0), "0.0 0.0");
  assert.equal(line(10 * 1024 ** 3, 0.0000005), "10485760.0 0.0000005");
});

Deno.test("time in the line is local, with leading zeros", () => {
  const finishedAt = new Date(2026, 0, 2, 3, 4, 5).getTime();
  const line = ingestLine({ ...FILE, finishedAt, size: 1, stored: 1, seconds: 1 });
  assert.ok(line.startsWith("2026-01-02 03:04:05 - "), line);
});

Deno.test("a file's name cannot forge a second line", () => {
  const name = "a.csv\n2019-10-31 15:16:22 - Ingestion\r\u2028";
  const line = ingestLine({ ...FILE, name, finishedAt: FINISHED, size: 1, stored: 1, seconds: 1 });
  assert.equal(line.split(/[\r\n\u2028]/).length, 2);
  assert.ok(line.endsWith("seconds\n"));
});

Deno.test("an event is one JSON record with its fields", () => {
  using t = setUp();
  t.telemetry.emit(INGESTED);
  const [record, ...rest] = t.records();
  assert.equal(rest.length, 0);
  const { "@timestamp": time, ...fields } = record;
  assert.ok(!Number.isNaN(Date.parse(time)));
  const { kind, ...own } = INGESTED;
  assert.deepEqual(fields, {
    level: "INFO",
    message: "File ingested.",
    logger: "mysimbdp",
    event: kind,
    ...own,
  });
});

Deno.test("braces and line feeds in a value neither break the record nor the message", () => {
  using t = setUp();
  t.telemetry.emit({ kind: "file.released", ...FILE, name: "{tenant}\n{}.csv" });
  assert.equal(t.records()[0].name, "{tenant}\n{}.csv");
  assert.equal(t.written.stderr.trimEnd().split("\n").length, 1);
});

Deno.test("records below the level are not written, but they are counted and printed", async () => {
  using t = setUp({ level: "error" });
  t.telemetry.emit(INGESTED);
  assert.equal(t.written.stderr, "");
  assert.equal(t.written.stdout, LINE);
  assert.equal(await t.metric('mysimbdp_ingest_rows_total{tenant="customer-1"}'), "999");
  t.telemetry.setLevel("info");
  t.telemetry.emit(INGESTED);
  assert.equal(t.records().length, 1);
});

Deno.test("an ingestion moves its metrics", async () => {
  using t = setUp();
  const attempt = { ...FILE, attempt: 1, moduleVersion: "v1" };
  t.telemetry.emit({ kind: "file.started", ...attempt });
  assert.equal(await t.metric('mysimbdp_ingest_running_files{tenant="customer-1"}'), "1");
  t.telemetry.emit(INGESTED);
  const samples: [string, string][] = [
    ['mysimbdp_ingest_running_files{tenant="customer-1"}', "0"],
    ['mysimbdp_ingest_rows_total{tenant="customer-1"}', "999"],
    ['mysimbdp_ingest_rejects_total{tenant="customer-1"}', "1"],
    ['mysimbdp_ingest_bytes_total{tenant="customer-1"}', "131889"],
    ['mysimbdp_ingest_files_total{tenant="customer-1",outcome="ingested"}', "1"],
    ['mysimbdp_ingest_duration_seconds_bucket{le="1",tenant="customer-1"}', "1"],
    ['mysimbdp_ingest_duration_seconds_bucket{le="0.5",tenant="customer-1"}', "0"],
    ['mysimbdp_ingest_duration_seconds_count{tenant="customer-1"}', "1"],
    [`mysimbdp_manage_info{version="1.2.3"}`, "1"],
  ];
  for (const [sample, value] of samples) assert.equal(await t.metric(sample), value, sample);
});

Deno.test("every attempt that started ends in the running gauge", async () => {
  using t = setUp();
  const reason = { code: "module-failed", message: "it threw" };
  const ends: TelemetryEvent[] = [
    INGESTED,
    { kind: "file.refused", ...FILE, rows: ROWS, seconds: 1, reason },
    { kind: "file.quarantined", ...FILE, rows: ROWS, seconds: 1, reason },
    { kind: "file.retry", ...FILE, attempt: 1, nextTryAt: 0, reason, detail: "", endless: false },
    { kind: "file.released", ...FILE },
  ];
  for (const end of ends) {
    t.telemetry.emit({ kind: "file.started", ...FILE, attempt: 1, moduleVersion: "v1" });
    t.telemetry.emit(end);
    assert.equal(
      await t.metric('mysimbdp_ingest_running_files{tenant="customer-1"}'),
      "0",
      end.kind,
    );
  }
});

Deno.test("failures of the storage are counted, whether an attempt or the ledger meets them", async () => {
  using t = setUp();
  const reason = { code: "storage-busy", message: "it is busy" };
  t.telemetry.emit({ kind: "file.started", ...FILE, attempt: 1, moduleVersion: "v1" });
  t.telemetry.emit({
    kind: "file.retry",
    ...FILE,
    attempt: 1,
    nextTryAt: 0,
    reason,
    detail: "it is busy",
    endless: true,
  });
  t.telemetry.emit({
    kind: "ledger.failed",
    code: "storage-busy",
    error: "it is busy",
    fileId: null,
  });
  t.telemetry.emit({ kind: "retention.failed", error: "no folder" });
  assert.equal(await t.metric('mysimbdp_storage_failures_total{code="storage-busy"}'), "2");
});

Deno.test("tenants as labels are bounded: those that are too many share one", async () => {
  using t = setUp();
  for (let n = 0; n < 600; n++) t.telemetry.emit({ ...INGESTED, tenant: `tenant-${n}` });
  assert.equal(await t.metric('mysimbdp_ingest_rows_total{tenant="tenant-499"}'), "999");
  assert.equal(await t.metric('mysimbdp_ingest_rows_total{tenant="tenant-500"}'), undefined);
  assert.equal(await t.metric('mysimbdp_ingest_rows_total{tenant="_others"}'), "99900");
});

Deno.test("metrics left in a file: counts go on after a restart, gauges tell of now", async () => {
  const dir = await Deno.makeTempDir();
  const lines = async () => (await readMetricsFiles(dir, Date.now())).text.split("\n");
  try {
    assert.deepEqual(await readMetricsFiles(dir, Date.now()), { text: "", ageSeconds: null });
    for (let life = 1; life <= 2; life++) {
      using t = setUp();
      const file = new MetricsFile(dir, t.telemetry.registry);
      t.telemetry.emit({ kind: "file.started", ...FILE, attempt: 1, moduleVersion: "v1" });
      if (life === 1) {
        t.telemetry.emit({ kind: "file.started", ...FILE, attempt: 1, moduleVersion: "v1" });
      }
      t.telemetry.emit(INGESTED);
      await file.write();
      // Written again it is not counted twice.
      await file.write();
      const shown = await lines();
      const has = (sample: string) =>
        assert.ok(shown.includes(sample), `${sample}\n${shown.join("\n")}`);
      has(`mysimbdp_ingest_rows_total{tenant="customer-1"} ${999 * life}`);
      has(`mysimbdp_ingest_duration_seconds_count{tenant="customer-1"} ${life}`);
      has(`mysimbdp_ingest_running_files{tenant="customer-1"} ${life === 1 ? 1 : 0}`);
      has('mysimbdp_manage_info{version="1.2.3"} 1');
    }
    const { ageSeconds } = await readMetricsFiles(dir, Date.now() + 60_000);
    assert.ok(ageSeconds !== null && ageSeconds >= 59);
    assert.equal((await readMetricsFiles(dir, Date.now() + 8 * 86_400_000)).text, "");
    const [name = ""] = [...Deno.readDirSync(`${dir}/metrics`)].map((entry) => entry.name);
    await Deno.writeTextFile(`${dir}/metrics/${name}`, "no JSON");
    assert.equal((await readMetricsFiles(dir, Date.now())).text, "");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("records for the journal begin with their priority, others do not", () => {
  assert.equal(journalPrefix("error", true), "<3>");
  assert.equal(journalPrefix("warning", true), "<4>");
  assert.equal(journalPrefix("info", true), "<6>");
  assert.equal(journalPrefix("debug", true), "<7>");
  assert.equal(journalPrefix("error", false), "");
});

Deno.test("metrics have the names of Prometheus", async () => {
  using t = setUp();
  const text = await t.telemetry.registry.metrics();
  const types = [...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)];
  assert.ok(types.length > 10);
  for (const [, name = "", type] of types) {
    assert.match(name, /^(mysimbdp|process)_[a-z_]+$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    if (type === "histogram") assert.ok(name.endsWith("_seconds"), name);
  }
});

Deno.test("what was emitted before an exit has been written, all of it", async () => {
  const url = (path: string) => new URL(`../../src/${path}`, import.meta.url).href;
  const dir = Deno.makeTempDirSync({ prefix: "mysimbdp-telemetry-" });
  try {
    Deno.writeTextFileSync(
      `${dir}/emit.ts`,
      `import { createTelemetry } from ${JSON.stringify(url("telemetry/telemetry.ts"))};
       const telemetry = createTelemetry();
       for (let i = 0; i < 5000; i++) telemetry.emit(${JSON.stringify(INGESTED)});
       Deno.exit(0);`,
    );
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--config", config, `${dir}/emit.ts`],
    }).output();
    assert.equal(new TextDecoder().decode(stdout), LINE.repeat(5000));
    const records = new TextDecoder().decode(stderr).trimEnd().split("\n");
    assert.equal(records.length, 5000);
    for (const record of records) assert.equal(JSON.parse(record).event, "file.ingested");
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("a slow or vanished reader costs no bytes and no crash", () => {
  let taken = "";
  let calls = 0;
  const slow = processOutput({
    writeSync: (bytes) => {
      if (calls++ % 2 === 0) throw new Deno.errors.WouldBlock();
      taken += new TextDecoder().decode(bytes.subarray(0, 3));
      return Math.min(3, bytes.length);
    },
  });
  slow.write(LINE);
  assert.equal(taken, LINE);
  const failing = (error: Error) =>
    processOutput({
      writeSync: () => {
        throw error;
      },
    });
  failing(new Deno.errors.BrokenPipe()).write(LINE);
  const full = new Failure("internal", "disk-full", "Cannot write: the disk is full");
  assert.throws(() => failing(full).write(LINE), { code: "disk-full" });
});
