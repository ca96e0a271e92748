import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, sample } from "../harness/binary.ts";
import { addsUp, Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";
import { asCustomer } from "../harness/tus.ts";
import { until } from "../harness/until.ts";

/** The format that the platform's users parse. */
const INGEST_LINE =
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - Ingestion of the file: (.+) for (\S+) - size: (\d+\.\d+) KB - (\d+) lines ingested in (\d+\.\d+) seconds$/;

const CUSTOMERS = [
  { user: "customer-1", password: "password-1", file: "birdstrikes.csv", table: "strikes" },
  { user: "customer-2", password: "password-2", file: "seattle-weather.csv", table: "days" },
];

/** The number of records in a file without quoted line ends. */
function recordsIn(path: string): number {
  return Deno.readTextFileSync(path).trimEnd().split("\n").length - 1;
}

Deno.test("both customers' real files: from fetch to rows, with all reports", async (t) => {
  await using platform = await Platform.create();
  await platform.seedAccounts();
  for (const { user } of CUSTOMERS) {
    await platform.must("manage", "tenant", "deploy", user, join(ROOT, "tenants", user));
  }
  const server = await platform.serve();
  const { url } = server;
  const manage = platform.manage();
  for (const { user, password, file } of CUSTOMERS) {
    const dir = await platform.scratch();
    copyFileSync(sample(file), join(dir, file));
    const args = ["fetch", "-u", user, "-p", password, "-d", dir, "--server", url];
    const sent = await run([...args, "--wait", "--json"]);
    assert.equal(sent.code, 0, sent.stdout + sent.stderr);
    const [line, summary] = sent.stdout.trim().split("\n").map((text) => JSON.parse(text));
    assert.equal(line.status, "ingested");
    assert.equal(summary.exitCode, 0);
    const again = await run([...args, "--json"]);
    assert.equal(again.code, 0);
    assert.match(again.stdout, /"status":"skipped"/);
  }

  for (const { user, password, file, table } of CUSTOMERS) {
    const [record] = await platform.files({ tenant: user });
    assert.ok(record);

    await t.step(`${user}: every record was stored or is a reject`, () => {
      assert.equal(record.state, "ingested");
      assert.ok(addsUp(record), JSON.stringify(record.rows));
      assert.equal(record.rows.read, recordsIn(sample(file)));
      assert.equal(platform.count(user, table), record.rows.stored);
      assert.ok(record.rows.stored > 1000);
    });

    await t.step(`${user}: the ingestion line`, async () => {
      const text = await manage.line(new RegExp(`Ingestion of the file: ${file} for ${user}`));
      const [, name, tenant, kb, lines] = INGEST_LINE.exec(text) ?? assert.fail(text);
      assert.deepEqual([name, tenant], [file, user]);
      assert.equal(Number(kb), Deno.statSync(sample(file)).size / 1024);
      assert.equal(Number(lines), record.rows.stored);
    });

    await t.step(`${user}: manage files, manage rejects, and the same by HTTP`, async () => {
      const listed = await platform.must("manage", "files", "--tenant", user, "--json");
      const only = { earlier: null, replaces: [], replacedByVersion: null, versionText: null };
      assert.deepEqual(JSON.parse(listed), { ...record, ...only });
      const rejects = (await platform.must("manage", "rejects", record.id, "--json"))
        .split("\n").filter(Boolean).map((text) => JSON.parse(text));
      assert.equal(rejects.length, record.rows.rejected);
      const customer = { url, user, password };
      const { files } = await (await asCustomer(customer, "/v1/files")).json();
      assert.deepEqual(files.map((each: { id: string }) => each.id), [record.id]);
      assert.deepEqual(files[0].rows, record.rows);
      const page = await (await asCustomer(customer, `/v1/files/${record.id}/rejects?limit=1000`))
        .json();
      assert.deepEqual(page.rejects, rejects);
      const lines = Deno.readTextFileSync(sample(file)).split(/\r?\n/);
      for (const { line, raw, reason } of rejects) {
        assert.equal(lines[line - 1], raw);
        assert.notEqual(reason, "");
      }
    });

    await t.step(`${user}: the account`, async () => {
      const shown = JSON.parse(await platform.must("manage", "tenant", "show", user, "--json"));
      assert.equal(shown.tenant, user);
      assert.deepEqual(shown.tables, [{ table, rows: platform.count(user, table) }]);
      const list = await platform.must("manage", "tenant", "list");
      assert.match(list, new RegExp(`${user} .*active`));
    });

    await t.step(`${user}: replay doubles no row`, async () => {
      const before = platform.query(user, `SELECT * FROM "${table}" ORDER BY 1, 2, 3`);
      await platform.must("manage", "replay", record.id);
      const again = await until("the file was loaded again", async () => {
        const [now] = await platform.files({ tenant: user });
        return now?.state === "ingested" && now.finishedAt !== record.finishedAt ? now : null;
      });
      assert.deepEqual(again.rows, record.rows);
      assert.deepEqual(platform.query(user, `SELECT * FROM "${table}" ORDER BY 1, 2, 3`), before);
    });
  }

  await t.step(
    "the seed's hashes were replaced by argon2id at login, and still let in",
    async () => {
      const users = await until("both were hashed anew", () => {
        const text = Deno.readTextFileSync(join(platform.data, "users.json"));
        const hashes = Object.values(JSON.parse(text) as Record<string, string>);
        return hashes.every((hash) => hash.startsWith("$argon2id$")) ? hashes : null;
      });
      assert.equal(users.length, 2);
      // A new process has no cached credentials: it must verify the new hashes.
      assert.equal((await server.process.stop()).code, 0);
      await platform.serve(new URL(url).host);
      for (const { user, password } of CUSTOMERS) {
        const answer = await asCustomer({ url, user, password }, "/v1/constraints");
        assert.equal(answer.status, 200);
        const constraints = await answer.json();
        assert.deepEqual(Object.keys(constraints).sort(), [
          "data_sizes",
          "formats",
          "number_files",
        ]);
      }
    },
  );

  await t.step("passwd and disable apply at once", async () => {
    const customer = { url, user: "customer-1", password: "password-1" };
    const status = async (password: string) => {
      const answer = await asCustomer({ ...customer, password }, "/v1/constraints");
      await answer.body?.cancel();
      return answer.status;
    };
    assert.equal(await status("password-1"), 200);
    await platform.must("manage", "tenant", "passwd", "customer-1", "-p", "another");
    assert.equal(await status("another"), 200);
    assert.equal(await status("password-1"), 401);
    await platform.must("manage", "tenant", "disable", "customer-1");
    assert.equal(await status("another"), 401);
    const list = await platform.must("manage", "tenant", "list");
    assert.match(list, /customer-1 .*disabled/);
  });
});

Deno.test("fetch refuses files that violate the constraints, and so does serve", async () => {
  await using platform = await Platform.create();
  await platform.seedAccounts();
  await platform.constrain("customer-1", { formats: [".CSV"], number_files: 2, data_sizes: 1 });
  const { url } = await platform.serve();
  const dir = await platform.inputDir({
    "a.csv": "x\n1\n",
    "b.csv": "x\n2\n",
    "c.csv": "x\n3\n",
    "large.csv": "x".repeat(1025),
    "notes.txt": "x",
    "empty.csv": "",
  });
  const args = ["fetch", "-u", "customer-1", "-p", "password-1", "-d", dir, "--server", url];
  const { code, stdout } = await run([...args, "--json"]);
  assert.equal(code, 1, stdout);
  const lines = stdout.trim().split("\n").map((text) => JSON.parse(text));
  const of = (status: string) => lines.filter((line) => line.status === status);
  assert.equal(of("sent").length, 2);
  const refused = of("refused").map(({ name, code }) => [name, code]);
  assert.ok(refused.some(([, code]) => code === "too-many-files"), stdout);
  assert.ok(refused.some(([name, code]) => name === "large.csv" && code === "file-too-large"));
  assert.ok(refused.some(([name, code]) => name === "notes.txt" && code === "format-not-allowed"));
  assert.ok(lines.some((line) => line.name === "empty.csv" && line.status !== "sent"), stdout);
  const customer = { url, user: "customer-1", password: "password-1" };
  const create = async (name: string, length: number) => {
    const answer = await asCustomer(customer, "/v1/uploads", {
      method: "POST",
      headers: {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": String(length),
        "Upload-Metadata": `filename ${btoa(name)}`,
      },
    });
    const problem = answer.ok ? null : (await answer.json()).type;
    await answer.body?.cancel().catch(() => {});
    return problem;
  };
  assert.match(await create("x.txt", 1), /format-not-allowed$/);
  assert.match(await create("x.csv", 1025), /file-too-large$/);
  assert.match(await create("../x.csv", 1), /bad-file-name$/);
  assert.equal(
    (await platform.list("staging", "customer-1")).filter((n) => n[0] !== ".").length,
    2,
  );
});
