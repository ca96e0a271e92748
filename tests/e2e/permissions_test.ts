import assert from "node:assert/strict";
import { join } from "node:path";
import { type ModuleFiles, writeModule } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";

interface Options {
  permissions?: object;
  /** Body of `async row(record, ctx)`. */
  row: string;
  sync?: boolean;
}

/** A module with two tables: stations, and readings with the names of their stations. */
function enriching({ permissions = {}, row, sync = false }: Options): ModuleFiles {
  const allowed = { write: ["stations", "readings"], ...permissions };
  return {
    "tenant.json": JSON.stringify({ permissions: allowed, limits: { rejectShare: 1 } }),
    "ingest.ts": `import { csv, defineIngest } from "mysimbdp";

export default defineIngest({
  files: "*.csv",
  format: csv(),
  tables: {
    stations: { columns: { id: "int", name: "text", open: "boolean" }, partitionKey: ["id"] },
    readings: { columns: { id: "uuid", station: "int", name: "text" }, partitionKey: ["id"] },
  },
  ${sync ? "" : "async "}row(record, ctx) {
    if (record.name) return { stations: { id: record.id, name: record.name, open: "yes" } };
    ${row}
  },
});
`,
  };
}

const LOOKUP = `const station = await ctx.lookup("stations", record.id!);
    if (!station) return ctx.reject("no such station", "id");
    return { readings: { id: ctx.rowId, station: record.id, name: station.name } };`;

Deno.test("ctx.lookup: records are enriched from a table of the keyspace, in order", async () => {
  await using platform = await Platform.create();
  const files = enriching({ permissions: { read: ["stations"] }, row: LOOKUP });
  await platform.deploy("t1", files);
  const stations = Array.from({ length: 3_000 }, (_, i) => `${i},station ${i}\n`).join("");
  await platform.stage("t1", "a.csv", `id,name\n${stations}`);
  assert.equal((await platform.run("manage", "--once")).code, 0);
  const readings = Array.from({ length: 20_000 }, (_, i) => `${i % 4_000},\n`).join("");
  await platform.stage("t1", "b.csv", `id,name\n${readings}`);
  await platform.run("manage", "--once");
  const file = await platform.settled("t1", "b.csv");
  assert.equal(file.state, "ingested", JSON.stringify(file.reason));
  assert.deepEqual([file.rows.stored, file.rows.rejected], [15_000, 5_000]);
  const wrong = "SELECT count(*) AS n FROM readings WHERE name <> 'station ' || station";
  assert.equal(platform.query("t1", wrong)[0]?.["n"], 0);
  const rejects = await platform.rejects(file.id);
  assert.deepEqual(rejects[0], {
    line: 3_002,
    column: "id",
    reason: "no such station",
    raw: "3000,",
  });
  const lines = rejects.map(({ line }) => line);
  assert.deepEqual(lines, lines.toSorted((a, b) => a - b));
});

Deno.test("undeclared permissions are refused with the line to add to tenant.json", async (t) => {
  await using platform = await Platform.create();
  const cases: [string, Options, RegExp][] = [
    ["a table", { row: LOOKUP }, /"permissions": \{"read": \["stations"\]\}/],
    [
      "a table, where the module hides it",
      { row: `try { await ctx.lookup("stations", 1); } catch { /* hidden */ }\n    return null;` },
      /"permissions": \{"read": \["stations"\]\}/,
    ],
    [
      "a host",
      { row: `await ctx.fetch("https://api.example.com/x");\n    return null;` },
      /"permissions": \{"net": \["api\.example\.com"\]\}/,
    ],
    [
      "a secret",
      { row: `ctx.secret("API_KEY");\n    return null;`, sync: true },
      /"permissions": \{"secrets": \["API_KEY"\]\}/,
    ],
    [
      "a secret that has no value",
      {
        permissions: { secrets: ["API_KEY"] },
        row: `ctx.secret("API_KEY");\n    return null;`,
        sync: true,
      },
      /manage tenant secret set NAME API_KEY/,
    ],
  ];
  for (const [i, [what, options, expected]] of cases.entries()) {
    await t.step(what, async () => {
      const tenant = `t${i}`;
      await platform.deploy(tenant, enriching(options));
      await platform.stage(tenant, "a.csv", "id,name\n1,\n");
      await platform.run("manage", "--once");
      const file = await platform.settled(tenant, "a.csv");
      assert.equal(file.state, "quarantined");
      assert.match(file.reason?.code ?? "", /^(permission|secret)-missing$/);
      assert.match(file.reason?.message ?? "", expected);
      const dir = await writeModule(await platform.scratch(), enriching(options));
      const input = await platform.inputDir({ "a.csv": "id,name\n1,\n" });
      const tried = await run(["fetch", "module", "test", dir, join(input, "a.csv")]);
      assert.equal(tried.code, 1);
      assert.match(tried.stderr, expected);
    });
  }
});

Deno.test("a table with read permission only cannot be written; a table that is read must be declared", async () => {
  await using platform = await Platform.create();
  const readOnly = { write: ["readings"], read: ["stations"] };
  await platform.deploy("t1", enriching({ permissions: readOnly, row: LOOKUP }));
  await platform.stage("t1", "a.csv", "id,name\n1,one\n");
  await platform.run("manage", "--once");
  const file = await platform.settled("t1", "a.csv");
  assert.equal(file.rows.rejected, 1);
  assert.match((await platform.rejects(file.id))[0]?.reason ?? "", /stations/);
  const unknown = enriching({ permissions: { read: ["others"] }, row: LOOKUP });
  const dir = await writeModule(await platform.scratch(), unknown);
  const refused = await platform.run("manage", "tenant", "deploy", "t1", dir);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /tenant\.json:1:\d+: .*"others" but does not declare it/);
});

Deno.test("ctx.secret and ctx.fetch: the operator's secret is sent to a host that both allow", async () => {
  const asked: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    asked.push(`${new URL(request.url).pathname} ${request.headers.get("authorization")}`);
    return Response.json({ name: `station ${new URL(request.url).pathname.slice(1)}` });
  });
  const host = `127.0.0.1:${server.addr.port}`;
  const files = enriching({
    permissions: { net: [host], secrets: ["API_KEY"] },
    row: `const authorization = \`Bearer \${ctx.secret("API_KEY")}\`;
    const answer = await ctx.fetch(\`http://${host}/\${record.id}\`, { headers: { authorization } });
    return { readings: { id: ctx.rowId, station: record.id, name: (await answer.json()).name } };`,
  });
  const config = (more: string) => `[modules]\nnet_hosts = ["${host}"]\n${more}`;
  await using platform = await Platform.create(config(""));
  await platform.deploy("t1", files);
  const set = ["manage", "tenant", "secret", "set", "t1", "API_KEY", "--value", "s3cret-value"];
  assert.doesNotMatch(await platform.must(...set), /s3cret/);
  assert.equal((await Deno.stat(join(platform.data, "secrets/t1.json"))).mode! & 0o777, 0o600);
  assert.equal(await platform.must("manage", "tenant", "secret", "list", "t1"), "API_KEY\n");
  await platform.stage("t1", "a.csv", "id,name\n1,\n2,\n");
  const refused = await platform.run("manage", "--once");
  assert.doesNotMatch(refused.stderr, /s3cret/);
  const first = await platform.settled("t1", "a.csv");
  assert.match((await platform.rejects(first.id))[0]?.reason ?? "", /no public address/);
  assert.deepEqual(asked, []);

  const path = join(platform.data, "mysimbdp.toml");
  await Deno.writeTextFile(path, config(`net_private_hosts = ["${host}"]\n`));
  await platform.stage("t1", "b.csv", "id,name\n1,\n2,\n");
  await platform.run("manage", "--once");
  assert.equal((await platform.settled("t1", "b.csv")).rows.stored, 2);
  assert.deepEqual(asked.toSorted(), ["/1 Bearer s3cret-value", "/2 Bearer s3cret-value"]);
  assert.deepEqual(platform.query("t1", "SELECT name FROM readings ORDER BY station"), [
    { name: "station 1" },
    { name: "station 2" },
  ]);
  await platform.must("manage", "tenant", "secret", "remove", "t1", "API_KEY");
  assert.equal(await platform.must("manage", "tenant", "secret", "list", "t1"), "");
});
