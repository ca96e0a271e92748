import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { openSqliteStorage } from "../../src/storage/sqlite/storage.ts";
import { code, READINGS } from "../contracts/storage_fixtures.ts";
import { acquireManageLock } from "../../src/storage/sqlite/manage_lock.ts";
import { sqliteBackend } from "./sqlite_backend.ts";
import { rounds } from "../harness/chance.ts";

const KILLS = rounds(40);
const ROWS_A_FILE = 1_000;

function spawnLoader(dataDir: string, first: number, mode = "add"): Deno.ChildProcess {
  const script = fileURLToPath(new URL("./load_and_die.ts", import.meta.url));
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, dataDir, String(first), mode],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** Runs the loader, kills it `delay` ms after its first commit; returns the last commit that it printed. */
async function loadAndKill(
  dataDir: string,
  first: number,
  delay: number,
  mode = "add",
): Promise<number> {
  const child = spawnLoader(dataDir, first, mode);
  let printed = "";
  let killing: ReturnType<typeof setTimeout> | undefined;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    printed += text;
    killing ??= setTimeout(() => child.kill("SIGKILL"), delay);
  }
  assert.equal((await child.status).signal, "SIGKILL");
  return Number(printed.trim().split("\n").at(-1));
}

Deno.test(`sqlite: after each of ${KILLS} SIGKILLs a file's rows and its receipt are both stored or both missing`, async () => {
  const backend = await sqliteBackend();
  try {
    let next = 0;
    let cutShort = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const reported = await loadAndKill(backend.dir, next, Math.random() * 60);
      const storage = openSqliteStorage(backend.dir);
      const rows = new Map<unknown, number>();
      for (const [file] of await backend.readRows("customer-1", READINGS)) {
        rows.set(file, (rows.get(file) ?? 0) + 1);
      }
      let file = 0;
      for (; await storage.receipt("customer-1", `f${file}`) !== null; file++) {
        assert.equal(rows.get(`f${file}`), ROWS_A_FILE, `rows of f${file}`);
      }
      await storage.close();
      assert.equal(rows.size, file, "a file has rows but no receipt");
      assert.ok(file > reported, `f${reported} was committed but is missing`);
      if (file === reported + 1) cutShort++;
      next = file;
    }
    assert.ok(cutShort > 0, "no kill interrupted a load");
  } finally {
    await backend.remove();
  }
});

Deno.test(`sqlite: after each of ${KILLS} SIGKILLs all rows are those of one version`, async () => {
  const backend = await sqliteBackend();
  try {
    let next = 1;
    let cutShort = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const delay = Math.random() * 60;
      const reported = await loadAndKill(backend.dir, next, delay, "replace");
      const storage = openSqliteStorage(backend.dir);
      const rows = await backend.readRows("customer-1", READINGS);
      const notes = new Set(rows.map(([, , note]) => String(note).trim()));
      const version = Number([...notes][0]?.slice(1));
      assert.deepEqual([...notes], [`f${version}`]);
      assert.equal(rows.length, ROWS_A_FILE);
      assert.ok(version >= reported, `version ${reported} was committed but is missing`);
      const receipt = await storage.receipt("customer-1", `f${version}`);
      assert.deepEqual(receipt?.replacedFiles, version === 1 ? [] : [`f${version - 1}`]);
      assert.equal(await storage.receipt("customer-1", `f${version + 1}`), null);
      await storage.close();
      if (version === reported) cutShort++;
      next = version + 1;
    }
    assert.ok(cutShort > 0, "no kill interrupted a load");
  } finally {
    await backend.remove();
  }
});

Deno.test("sqlite: a second manage is refused while the first runs, and can start once it was killed", async () => {
  const backend = await sqliteBackend();
  try {
    const child = spawnLoader(backend.dir, 0);
    const reader = child.stdout.getReader();
    await reader.read();
    assert.throws(() => acquireManageLock(backend.dir), code("manage-running"));
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    const lock = acquireManageLock(backend.dir);
    assert.throws(() => acquireManageLock(backend.dir), code("manage-running"));
    lock.release();
    lock.release();
    acquireManageLock(backend.dir).release();
  } finally {
    await backend.remove();
  }
});
