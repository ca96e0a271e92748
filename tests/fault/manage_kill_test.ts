import assert from "node:assert/strict";
import { join } from "node:path";
import { isTemporary } from "../../src/data/leftovers.ts";
import { between, rounds, sha256 } from "../harness/chance.ts";
import { keepAll } from "../harness/modules.ts";
import { addsUp, Platform } from "../harness/platform.ts";
import { childrenOf, isAlive, type Running } from "../harness/process.ts";
import { type Customer, upload } from "../harness/tus.ts";
import { pause, until } from "../harness/until.ts";

const KILLS = rounds(16);
const FILES_A_ROUND = 3;
// Otherwise a file that was killed many times, and its tenant's other files, would wait for minutes.
const CONFIG = "[manage]\nscan_seconds = 0.5\nmax_attempts = 100\nretry_seconds = 2\n";
/** The first two send over HTTP; the files of the others are moved into staging. */
const TENANTS = ["customer-1", "customer-2", "t3", "t4"];

/** A file in which every tenth record is rejected and every twentieth line is blank. */
interface Planned {
  tenant: string;
  name: string;
  content: Uint8Array<ArrayBuffer>;
  stored: number[];
  rejected: number[];
  skipped: number;
}

function plan(n: number): Planned {
  const file: Planned = {
    tenant: TENANTS[n % TENANTS.length] ?? "",
    name: `${n}.csv`,
    content: new Uint8Array(),
    stored: [],
    rejected: [],
    skipped: 0,
  };
  const lines = ["a,b"];
  const end = between(200, 1_000);
  for (let line = 2; line < end; line++) {
    if (line % 20 === 0) file.skipped++;
    else if (line % 10 === 0) file.rejected.push(line);
    else file.stored.push(line);
    lines.push(line % 20 === 0 ? "" : line % 10 === 0 ? `no,${n}` : `${line},${n}`);
  }
  file.content = new TextEncoder().encode(lines.join("\n") + "\n");
  return file;
}

async function put(platform: Platform, url: string, file: Planned): Promise<void> {
  const { tenant, name, content } = file;
  if (!tenant.startsWith("customer")) return await platform.stage(tenant, name, content);
  const customer: Customer = {
    url,
    user: tenant,
    password: tenant.replace("customer", "password"),
  };
  assert.equal((await upload(customer, name, content)).status, 201);
}

/**
 * Kills manage, sometimes its sandbox first; its child processes must end soon after. With `loading`
 * it waits for a load, which can start late on a busy machine.
 */
async function killSomewhere(
  platform: Platform,
  manage: Running,
  loading: boolean,
): Promise<{ busy: boolean }> {
  await manage.line(loading ? /"file\.started"/ : /"manage\.started"/);
  await pause(between(0, 700));
  if (Math.random() < 0.4) {
    const [child] = childrenOf(manage.pid).sort(() => Math.random() - 0.5);
    if (child !== undefined && isAlive(child)) Deno.kill(child, "SIGKILL");
    await pause(between(0, 400));
  }
  const children = childrenOf(manage.pid);
  manage.kill();
  await manage.ended();
  await until("its child processes have ended", () => !children.some(isAlive));
  return { busy: (await platform.files()).some(({ state }) => state === "running") };
}

/** Checks that every record of the file is in the right place, exactly once. */
async function check(platform: Platform, file: Planned): Promise<void> {
  const { tenant, name, stored, rejected, skipped } = file;
  const found = await platform.files({ tenant, name });
  assert.equal(found.length, 1);
  const record = found[0] ?? assert.fail();
  assert.equal(record.state, "ingested", JSON.stringify(record));
  assert.ok(addsUp(record), JSON.stringify(record.rows));
  assert.deepEqual(record.rows, {
    read: stored.length + rejected.length + skipped,
    stored: stored.length,
    rejected: rejected.length,
    skipped,
    written: stored.length,
    replaced: 0,
  });
  const rows = platform.query(
    tenant,
    `SELECT "line", "content" FROM "items" WHERE "file" = '${name}' ORDER BY "line"`,
  );
  const n = name.replace(".csv", "");
  assert.deepEqual(
    rows.map(({ line, content }) => [Number(line), content]),
    stored.map((line) => [line, JSON.stringify({ a: `${line}`, b: n })]),
  );
  const rejects = await platform.rejects(record.id);
  assert.deepEqual(rejects.map(({ line }) => line), rejected);
  const bytes = await Deno.readFile(join(platform.data, "archive", tenant, record.id));
  assert.equal(sha256(bytes), sha256(file.content));
}

Deno.test(`manage: after ${KILLS} SIGKILLs of it and its sandboxes every row is stored exactly once`, async () => {
  await using platform = await Platform.create(CONFIG);
  await platform.seedAccounts();
  const before =
    'if (record.a === "no") return ctx.reject("no", "a"); for (let n = 0; n < 20_000; n++);';
  for (const tenant of TENANTS) await platform.deploy(tenant, keepAll({ before }));
  const { url } = await platform.serve();
  const files: Planned[] = [];
  let busy = 0;
  for (let round = 0; round < KILLS; round++) {
    for (let n = 0; n < FILES_A_ROUND; n++) {
      const file = plan(files.length);
      files.push(file);
      await put(platform, url, file);
    }
    if ((await killSomewhere(platform, platform.manage(), round % 2 === 0)).busy) busy++;
  }
  assert.ok(busy > 0, "no kill happened during a load");

  const manage = platform.manage();
  await platform.allSettled(files.length, 120);
  // A kill while a record was written or removed leaves a hidden file, which is never read.
  for (const tenant of TENANTS) {
    await until(`no file of ${tenant} is in staging`, async () => {
      return (await platform.list("staging", tenant)).every((name) => name.startsWith("."));
    });
  }
  assert.equal((await manage.stop()).code, 0);
  assert.equal((await platform.files()).length, files.length);
  for (const file of files) await check(platform, file);
  for (const tenant of TENANTS) {
    const own = files.filter((file) => file.tenant === tenant);
    const sum = own.reduce((total, { stored }) => total + stored.length, 0);
    assert.equal(platform.count(tenant, "items"), sum);
    const kept = (await platform.list("archive", tenant)).filter((name) => !isTemporary(name));
    const ids = (await platform.files()).filter((file) => file.tenant === tenant).map(({ id }) =>
      id
    );
    assert.equal(kept.length, 2 * own.length);
    assert.deepEqual(kept.sort(), ids.flatMap((id) => [id, `.${id}.json`]).sort());
    assert.deepEqual(await platform.list("quarantine", tenant), []);
  }
});
