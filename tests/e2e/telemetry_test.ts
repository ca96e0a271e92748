import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../harness/binary.ts";
import { keepAll } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";
import { isMissing, runTool } from "../harness/tools.ts";
import { binary } from "../harness/binary.ts";
import { until } from "../harness/until.ts";

const PASSWORD = "s3cret-of-customer-1";

/** A platform where a customer has sent files that load, fail and come near a limit. */
async function busyPlatform(): Promise<{ platform: Platform; url: string; said: () => string }> {
  const platform = await Platform.create('[log]\nlevel = "debug"\n');
  const said: string[] = [];
  await platform.must("manage", "tenant", "add", "customer-1", "-p", PASSWORD);
  await platform.constrain("customer-1", { formats: [".csv"], number_files: 5, data_sizes: 1 });
  await platform.deploy("customer-1", {
    ...keepAll({
      before: 'if (record.x === "bad") return ctx.reject("bad");',
      limits: { rejectShare: 0.5 },
    }),
  });
  const server = await platform.serve();
  const manage = platform.manage();
  const input = await platform.inputDir({
    "good.csv": "x\n1\n2\n",
    "near.csv": "x\n1\n2\n3\nbad\nbad\n",
    "over.csv": "x\nbad\nbad\nbad\n",
    "large.csv": `x\n${"y".repeat(900)}\n`,
  });
  const fetch = ["fetch", "-u", "customer-1", "-d", input, "--server", server.url, "--wait", "-v"];
  for (const password of [PASSWORD, "wr0ng-password", PASSWORD]) {
    const { stdout, stderr } = await run([...fetch, "-p", password]);
    said.push(stdout, stderr);
  }
  await platform.allSettled(4);
  return {
    platform,
    url: server.url,
    said: () =>
      [
        ...said,
        server.process.transcript(),
        server.process.stderr.text,
        manage.stderr.text,
        manage.stdout.text,
      ]
        .join("\n"),
  };
}

async function scrape(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`);
  assert.match(response.headers.get("Content-Type") ?? "", /^text\/plain; version=0\.0\.4/);
  return await response.text();
}

function value(metrics: string, sample: string): number | undefined {
  const line = metrics.split("\n").find((text) => text.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

Deno.test("a whole run: metrics of both services, their documentation, warnings, and no secrets", async (t) => {
  const { platform, url, said } = await busyPlatform();
  await using _ = platform;
  const metrics = await until("manage has written its metrics", async () => {
    const text = await scrape(url);
    return value(text, 'mysimbdp_ingest_duration_seconds_count{tenant="customer-1"}') === 4
      ? text
      : null;
  });

  await t.step("metrics count what happened, by tenant", () => {
    const expected: [string, number][] = [
      ['mysimbdp_ingest_rows_total{tenant="customer-1"}', 2 + 3 + 1],
      ['mysimbdp_ingest_rejects_total{tenant="customer-1"}', 2 + 3],
      ['mysimbdp_ingest_duration_seconds_count{tenant="customer-1"}', 4],
      ['mysimbdp_ingest_duration_seconds_bucket{le="+Inf",tenant="customer-1"}', 4],
      ['mysimbdp_ingest_files_total{tenant="customer-1",outcome="ingested"}', 3],
      ['mysimbdp_files{tenant="customer-1",state="quarantined"}', 1],
      ['mysimbdp_uploads_total{tenant="customer-1",result="finished"}', 4],
      ['mysimbdp_auth_failures_total{reason="credentials"}', 1],
      ['mysimbdp_limit_warnings_total{tenant="customer-1",limit="number_files"}', 1],
      ['mysimbdp_limit_warnings_total{tenant="customer-1",limit="data_sizes"}', 1],
      ['mysimbdp_ingest_limit_warnings_total{tenant="customer-1",limit="reject_share"}', 1],
    ];
    for (const [sample, count] of expected) assert.equal(value(metrics, sample), count, sample);
    const { version } = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")));
    assert.equal(value(metrics, `mysimbdp_build_info{version="${version}"}`), 1);
    assert.ok((value(metrics, "mysimbdp_staging_free_bytes") ?? 0) > 0);
    const age = value(metrics, "mysimbdp_manage_metrics_age_seconds") ?? -1;
    assert.ok(age >= 0 && age < 60, `${age}`);
  });

  await t.step(
    "every metric follows the naming conventions and has one type and one help text",
    () => {
      const types = [...metrics.matchAll(/^# TYPE (\S+) (\w+)$/gm)];
      const names = types.map(([, name]) => name);
      assert.equal(new Set(names).size, names.length);
      for (const [, name = "", type] of types) {
        assert.match(name, /^mysimbdp_[a-z_]+$/);
        assert.equal(name.endsWith("_total"), type === "counter", name);
      }
      for (const file of ["good.csv", "near.csv"]) assert.ok(!metrics.includes(file));
    },
  );

  await t.step(
    "the Grafana dashboard and the alert rules name only existing metrics",
    async () => {
      const shown = new Set(
        [...metrics.matchAll(/^# TYPE (\S+) (\w+)$/gm)].flatMap(([, name = "", type]) =>
          type === "histogram" ? [name, `${name}_bucket`, `${name}_count`, `${name}_sum`] : [name]
        ),
      );
      const dashboard = await Deno.readTextFile(join(ROOT, "docs/monitoring/grafana.json"));
      assert.ok(JSON.parse(dashboard).panels.length > 10);
      const rules = await Deno.readTextFile(join(ROOT, "docs/monitoring/alerts.yml"));
      assert.ok((rules.match(/^ {6}- alert: /gm) ?? []).length > 8);
      const named = `${dashboard}${rules}`.matchAll(/\bmysimbdp_[a-z_]+/g);
      for (const [name] of named) assert.ok(shown.has(name), name);
      const queries = await Deno.readTextFile(join(ROOT, "docs/operations.md"));
      for (const [, name = ""] of queries.matchAll(/^\| `(mysimbdp_[a-z_]+)/gm)) {
        assert.ok(shown.has(name), `docs/operations.md: ${name}`);
      }
    },
  );

  await t.step("a waiting file is in the queue, with its age", async () => {
    await platform.must("manage", "tenant", "add", "customer-9", "-p", "secret");
    await platform.stage("customer-9", "waits.csv", "x\n1\n");
    await until("it is queued", async () => {
      const now = await scrape(url);
      const files = value(now, 'mysimbdp_ingest_queue_files{tenant="customer-9"}');
      const age = value(now, 'mysimbdp_ingest_oldest_file_age_seconds{tenant="customer-9"}');
      return files === 1 && age !== undefined && age > 0 ? true : null;
    });
  });

  await t.step("no output contains secrets, even at the most verbose level", async () => {
    const text = said();
    assert.match(text, /"event":"request\.finished"/);
    assert.match(text, /"event":"auth\.failed"/);
    assert.match(text, /"event":"limit\.near"/);
    const users = JSON.parse(await Deno.readTextFile(join(platform.data, "users.json")));
    const admins = JSON.parse(await Deno.readTextFile(join(platform.data, "admins.json")));
    const token = await openSession(url);
    const secrets = [
      PASSWORD,
      "wr0ng-password",
      btoa(`customer-1:${PASSWORD}`),
      btoa("customer-1:wr0ng-password"),
      token,
      ...[...Object.values(users), ...Object.values(admins)].flatMap(textsOf),
    ];
    assert.ok(secrets.length >= 7);
    for (const secret of secrets) {
      assert.ok(secret.length >= 8);
      assert.ok(!said().includes(secret), `the output holds ${secret}`);
    }
  });
});

async function openSession(url: string): Promise<string> {
  const headers = { Authorization: `Basic ${btoa(`customer-1:${PASSWORD}`)}` };
  const response = await fetch(`${url}/v1/session`, { method: "POST", headers });
  const { token } = await response.json();
  const files = await fetch(`${url}/v1/files`, { headers: { Authorization: `Bearer ${token}` } });
  await files.body?.cancel();
  assert.equal(files.status, 200);
  return token;
}

function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

Deno.test({
  name: "records for the journal have a priority; elsewhere they are plain JSON",
  ignore: isMissing("bash", "stat"),
  async fn() {
    await using platform = await Platform.create();
    const command = `'${binary()}' manage --once --data '${platform.data}'`;
    const { stdout } = await runTool("bash", [
      "-c",
      `log='${platform.dir}/journal'; : > "$log"
       export JOURNAL_STREAM=$(stat -Lc %d:%i "$log"); ${command} 2>> "$log"; cat "$log"
       echo ==; JOURNAL_STREAM=1:1 ${command} 2>&1`,
    ]);
    const [journal = "", plain = ""] = stdout.split("==\n");
    const levels: Record<string, string> = { INFO: "6", WARN: "4", WARNING: "4" };
    const lines = journal.trim().split("\n");
    assert.ok(lines.length > 0);
    for (const line of lines) {
      const [, priority, json = ""] = /^<(\d)>(.*)$/.exec(line) ?? [];
      assert.equal(priority, levels[JSON.parse(json).level], line);
    }
    for (const line of plain.trim().split("\n")) JSON.parse(line);
  },
});
