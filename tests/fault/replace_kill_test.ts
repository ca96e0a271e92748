import assert from "node:assert/strict";
import { between, rounds } from "../harness/chance.ts";
import { Platform } from "../harness/platform.ts";
import { upload } from "../harness/tus.ts";
import { pause } from "../harness/until.ts";

const KILLS = rounds(8);
const ROWS = 5_000;
const USER = "customer-1";
const CONFIG = "[manage]\nscan_seconds = 0.5\nmax_attempts = 100\nretry_seconds = 1\n";
/** Versions share no keys: rows of two of them would be noticed. */
const MODULE = {
  "ingest.ts": `import { csv, defineIngest } from "mysimbdp";
export default defineIngest({
  files: "*.csv",
  format: csv(),
  versions: "replace",
  tables: { day: { columns: { id: "uuid", version: "int" }, partitionKey: ["id"] } },
  row: (record, ctx) => ({ day: { id: ctx.rowId, version: record["version"] } }),
});
`,
  "tenant.json": JSON.stringify({ permissions: { write: ["day"] } }),
};

const contentOf = (version: number) =>
  new TextEncoder().encode(`version\n${`${version}\n`.repeat(ROWS)}`);

Deno.test(`after each of ${KILLS} kills of manage the rows are those of one version`, async () => {
  await using platform = await Platform.create(CONFIG);
  await platform.seedAccounts();
  const { url } = await platform.serve();
  await platform.deploy(USER, MODULE);
  const customer = { url, user: USER, password: "password-1" };
  const send = (version: number) => upload(customer, "day.csv", contentOf(version));
  await send(1);
  await platform.must("manage", "--once");
  let last = 1;
  for (let kill = 1; kill <= KILLS; kill++) {
    // Two wait at a time, so that one is replaced by a version that waits beside it.
    for (const version of [2 * kill, 2 * kill + 1]) await send(version);
    const manage = platform.manage();
    await manage.line(/"file\.started"/);
    await pause(between(0, 900));
    await manage.stop("SIGKILL");
    const groups = platform.query(USER, 'SELECT version, count(*) AS n FROM "day" GROUP BY 1');
    assert.equal(groups.length, 1, JSON.stringify(groups));
    assert.equal(groups[0]?.["n"], ROWS);
    const version = Number(groups[0]?.["version"]);
    assert.ok(version >= last, `version ${version} came back after version ${last}`);
    last = version;
  }
  await platform.must("manage", "--once");
  const files = (await platform.files()).sort((a, b) => a.version - b.version);
  assert.equal(files.length, 2 * KILLS + 1);
  for (const [at, file] of files.entries()) {
    assert.equal(file.state, "ingested", JSON.stringify(file.reason));
    assert.equal(file.replacedBy, files[at + 1]?.id ?? null, `version ${file.version}`);
  }
  const groups = platform.query(USER, 'SELECT version, count(*) AS n FROM "day" GROUP BY 1');
  assert.deepEqual(groups, [{ version: files.length, n: ROWS }]);
});
