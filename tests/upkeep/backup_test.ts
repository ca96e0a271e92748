import assert from "node:assert/strict";
import { join } from "node:path";
import { Platform } from "../harness/platform.ts";
import { keepAll } from "../harness/modules.ts";
import { run } from "../harness/process.ts";
import { until } from "../harness/until.ts";
import { openLedgerReader } from "../../src/storage/sqlite/ledger_reader.ts";
import { DatabaseSync } from "node:sqlite";

const FILES = 16;
const ROWS = 20;

Deno.test("a backup while both services run contains each file acknowledged before it, once", async () => {
  await using platform = await Platform.create();
  await platform.must("manage", "tenant", "add", "t1", "-p", "secret-1");
  await platform.constrain("t1");
  await platform.deploy("t1", keepAll());
  const { url } = await platform.serve();
  platform.manage();
  const input = await platform.inputDir({});
  const send = (name: string) =>
    run(["fetch", "-u", "t1", "-p", "secret-1", "-d", input, "--server", url, "--json"]).then(
      ({ stdout }) => assert.match(stdout, new RegExp(name)),
    );
  for (let n = 0; n < FILES; n++) {
    const rows = Array.from({ length: ROWS }, (_, row) => `${n}-${row}\n`).join("");
    await Deno.writeTextFile(join(input, `f${n}.csv`), `x\n${rows}`);
  }
  const sending = send("f0.csv");
  await until("some files are received", () => received(platform.data).length >= 3 || null);
  const backups: { dir: string; before: Set<string> }[] = [];
  for (let round = 0; round < 2; round++) {
    const before = new Set(received(platform.data));
    const dir = join(platform.dir, `backup-${round}`);
    await platform.must("manage", "backup", dir);
    backups.push({ dir, before });
  }
  await sending;
  for (const { dir, before } of backups) {
    const data = `${dir}-restored`;
    const restored = await run(["manage", "restore", dir, "--data", data]);
    assert.equal(restored.code, 0, restored.stderr);
    const drained = await run(["manage", "--once", "--data", data]);
    assert.equal(drained.code, 0, drained.stderr);
    const doctor = await run(["manage", "doctor", "--data", data, "--json"]);
    const storage = doctor.stdout.split("\n").find((line) => line.includes('"check":"storage"'));
    assert.equal(JSON.parse(storage ?? "{}").state, "ok", doctor.stdout);
    const reader = openLedgerReader(join(data, "db/ledger.sqlite"));
    const files = await reader.list({ limit: 10_000 });
    await reader.close();
    assert.deepEqual(files.filter(({ state }) => state !== "ingested"), []);
    const names = new Set(files.map(({ name }) => name));
    for (const name of before) assert.ok(names.has(name), `${name} is missing`);
    const db = new DatabaseSync(join(data, "db/tenants/t1.sqlite"), { readOnly: true });
    const { n } = db.prepare("SELECT count(*) AS n FROM items").get() as { n: number };
    db.close();
    assert.equal(n, files.length * ROWS);
    // A server on it would receive only the other files.
    assert.deepEqual(new Set(received(data)).difference(names), new Set());
  }
});

/** The names of the files that serve has acknowledged. */
function received(data: string): string[] {
  const db = new DatabaseSync(join(data, "db/receipts.sqlite"), { readOnly: true });
  try {
    return db.prepare("SELECT name FROM receipts").all().map((row) => String(row["name"]));
  } finally {
    db.close();
  }
}

Deno.test("backup and restore refuse folders that are not empty, not a backup, or damaged", async (t) => {
  await using platform = await Platform.create();
  await platform.must("manage", "tenant", "add", "t1", "-p", "secret-1");
  const dir = join(platform.dir, "backup");
  await platform.must("manage", "backup", dir);
  const cases: [string, string[], RegExp][] = [
    ["a second backup into one folder", ["backup", dir], /it is not empty/],
    [
      "a backup inside the data directory",
      ["backup", join(platform.data, "x")],
      /it is inside the data directory/,
    ],
    ["a restore over the data directory", ["restore", dir], /it is not empty/],
    [
      "a restore of a folder that is not a backup",
      ["restore", "/etc", "--data", `${dir}-1`],
      /it has no valid backup\.json/,
    ],
  ];
  for (const [name, args, expected] of cases) {
    await t.step(name, async () => {
      const data = args.includes("--data") ? [] : ["--data", platform.data];
      const { code, stderr } = await run(["manage", ...args, ...data]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, expected);
    });
  }
  await t.step("a damaged file: nothing is restored", async () => {
    const users = join(dir, "users.json");
    await Deno.writeTextFile(users, (await Deno.readTextFile(users)).replace("t1", "t2"));
    const { code, stderr } = await run(["manage", "restore", dir, "--data", `${dir}-2`]);
    assert.equal(code, 5, stderr);
    assert.match(stderr, /"users\.json" from .*: its size or SHA-256 does not match the manifest/);
    const left = [...Deno.readDirSync(platform.dir)].map(({ name }) => name);
    assert.ok(!left.some((name) => name.startsWith("backup-2")), left.join(" "));
  });
});
