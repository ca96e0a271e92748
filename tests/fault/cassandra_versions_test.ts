import assert from "node:assert/strict";
import type { Client } from "cassandra-driver";
import { ledgerKeyspace, tenantKeyspace } from "../../src/storage/cassandra/names.ts";
import { newNamespace, storageUrl, testCluster, whyNoCassandra } from "../harness/cassandra.ts";
import { dropNamespace } from "../harness/cassandra_platform.ts";
import { newClient } from "../../src/storage/cassandra/session.ts";
import { parseStorageUrl } from "../../src/storage/cassandra/settings.ts";
import { CassandraStorage } from "../../src/storage/cassandra/storage.ts";
import { between, rounds } from "../harness/chance.ts";
import { Running } from "../harness/process.ts";
import { pause, until } from "../harness/until.ts";
import { ITEMS, type VersionToLoad } from "../storage/load_version.ts";

const ignore = await whyNoCassandra() !== null;
/** FAULT_ROUNDS=50 kills 50 times. */
const KILLS = rounds(4);
const TENANT = "customer-1";
const NAME = "sales.csv";
const ROWS = 6_000;
/** By how many rows each version is shifted against the one before. */
const STEP = 2_000;
const SECONDS = 240;
/** Roughly how long a commit of these rows takes. */
const COMMIT_MS = 900;
const ARRIVED = Date.parse("2026-01-01T00:00:00Z");

/** A tenant's table in its own namespace, whose files are loaded by other processes. */
class Scene implements AsyncDisposable {
  readonly #dir: string;
  readonly #url: string;
  readonly client: Client;
  readonly namespace: string;

  private constructor(dir: string, url: string, client: Client, namespace: string) {
    this.#dir = dir;
    this.#url = url;
    this.client = client;
    this.namespace = namespace;
  }

  static async open(): Promise<Scene> {
    const cluster = await testCluster();
    const namespace = newNamespace();
    const url = storageUrl(cluster, namespace);
    const settings = parseStorageUrl(url, "");
    const dir = await Deno.makeTempDir();
    const storage = new CassandraStorage(settings, dir, 1_000);
    await storage.ensureTables(TENANT, [ITEMS]);
    await storage.close();
    return new Scene(dir, url, await newClient(settings.connection, cluster), namespace);
  }

  /**
   * Starts a process that loads a version.
   * @param ahead ms that the clock was wrong as it arrived
   * @param refused the id of a row that the cluster does not accept
   */
  load(version: number, ahead = 0, refused: number | null = null): Running {
    const file: VersionToLoad = {
      url: this.#url,
      dir: this.#dir,
      tenant: TENANT,
      fileId: fileIdOf(version),
      name: NAME,
      version,
      from: version * STEP,
      to: version * STEP + ROWS,
      receivedAt: ARRIVED + version * 1_000 + ahead,
      refused,
    };
    const script = new URL("../storage/load_version.ts", import.meta.url).pathname;
    const flags = ["-A", "--no-check", "--no-prompt", "--node-modules-dir=auto"];
    return new Running(["run", ...flags, script, JSON.stringify(file)], {}, Deno.execPath());
  }

  /** Starts to load a version, and waits until it is somewhere in its commit or has ended. */
  async committing(version: number, afterMs = between(0, COMMIT_MS)): Promise<Running> {
    const process = this.load(version);
    await process.line(/^(committing|loaded)/, SECONDS);
    await pause(afterMs);
    return process;
  }

  /** Loads a version to its end; returns how it ended. */
  async loaded(version: number, ahead = 0): Promise<string> {
    await using process = this.load(version, ahead);
    return await endOf(process);
  }

  /** The version that wrote each row, by id. */
  async rows(): Promise<Map<number, number>> {
    const query = `SELECT id, version FROM "${tenantKeyspace(this.namespace, TENANT)}".items`;
    const { rows } = await this.client.execute(query, [], { fetchSize: 100_000, prepare: true });
    return new Map(rows.map((row) => [row["id"] as number, row["version"] as number]));
  }

  async state(version: number): Promise<string> {
    const { rows: [row] } = await this.client.execute(
      `SELECT state FROM ${ledgerKeyspace(this.namespace)}.files WHERE tenant = ? AND id = ?`,
      [TENANT, fileIdOf(version)],
      { prepare: true },
    );
    return row?.["state"];
  }

  /** Whether the cluster has refused a row of a version. */
  async isRefused(version: number): Promise<boolean> {
    const { rows } = await this.client.execute(
      `SELECT refused FROM ${
        ledgerKeyspace(this.namespace)
      }.loads WHERE tenant = ? AND file_id = ?`,
      [TENANT, fileIdOf(version)],
      { prepare: true },
    );
    return rows.some((row) => row["refused"] !== null);
  }

  /** As if the bytes of a file were lost while it was being loaded. */
  async refuse(version: number): Promise<void> {
    await this.client.execute(
      `UPDATE ${ledgerKeyspace(this.namespace)}.files SET state = 'refused'
       WHERE tenant = ? AND id = ? IF EXISTS`,
      [TENANT, fileIdOf(version)],
      { prepare: true },
    );
  }

  /** The rows are those of one version. */
  async hasRowsOf(version: number): Promise<void> {
    const rows = await this.rows();
    assert.deepEqual([...rows.keys()].sort((a, b) => a - b), idsOf(version));
    assert.deepEqual(new Set(rows.values()), new Set([version]));
  }

  /**
   * The rows are those of one version, and so are the keys that are kept.
   * @param unclaimed the version of a process that may have stored keys before it claimed the name
   */
  async isExactly(version: number, unclaimed: number | null = null): Promise<void> {
    await this.hasRowsOf(version);
    const ledger = ledgerKeyspace(this.namespace);
    const { rows: [claims] } = await this.client.execute(`SELECT * FROM ${ledger}.file_claims`);
    const kept = await this.client.execute(`SELECT DISTINCT claim, chunk FROM ${ledger}.load_keys`);
    // A process that was killed after its commit leaves the keys of earlier versions to the next one.
    const earlier = (JSON.parse(claims?.["earlier"]) as { id: string }[]).map(({ id }) => id);
    const isUnclaimed = (id: string) =>
      unclaimed !== null && id.startsWith(`${fileIdOf(unclaimed)}.`);
    const ids = new Set(
      kept.rows.map((row) => row["claim"] as string)
        .filter((id) => !earlier.includes(id) && !isUnclaimed(id)),
    );
    assert.deepEqual(ids, new Set([claims?.["claim"]]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await dropNamespace(this.client, this.namespace);
    await this.client.shutdown();
    await Deno.remove(this.#dir, { recursive: true });
  }
}

async function endOf(process: Running): Promise<string> {
  const { code } = await process.ended(SECONDS);
  assert.equal(code, 0, process.transcript());
  return process.stdout.lines.at(-1)!;
}

function fileIdOf(version: number): string {
  return `file-${String(version).padStart(4, "0")}`;
}

function idsOf(version: number): number[] {
  return Array.from({ length: ROWS }, (_, i) => version * STEP + i);
}

/** Reads all rows again and again, and checks that no moment shows fewer rows than a whole version. */
class Watcher {
  readonly #scene: Scene;
  #version = 0;
  #stopped = false;
  #scans = 0;
  #partial = 0;
  #last: Map<number, number> | null = null;
  readonly #watching: Promise<void>;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#watching = this.#watch();
    // It is awaited at the end.
    this.#watching.catch(() => undefined);
  }

  /** From now on, the table goes from this version to the next one. */
  from(version: number): void {
    this.#version = version;
    this.#last = null;
  }

  /** @returns the scans, and those that saw neither version alone */
  async stop(): Promise<string> {
    this.#stopped = true;
    await this.#watching;
    return `${this.#scans} scans, ${this.#partial} of them in between`;
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      const version = this.#version;
      const rows = await this.#scene.rows();
      if (version === this.#version && version > 0) this.#check(rows, version);
      await pause(5);
    }
  }

  #check(rows: Map<number, number>, version: number): void {
    this.#scans++;
    const [old, now] = [idsOf(version), idsOf(version + 1)];
    for (const id of old) if (id >= now[0]!) assert.ok(rows.has(id), `row ${id} was missing`);
    if (rows.size !== ROWS) this.#partial++;
    // A scan takes time. But if a new row was missing when this one began, no old row was missing when
    // the one before ended.
    const lacksNew = now.some((id) => !rows.has(id));
    const hadOld = this.#last === null || old.every((id) => this.#last?.has(id));
    assert.ok(!lacksNew || hadOld, "neither version was complete");
    this.#last = rows;
  }
}

function test(name: string, body: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name: `cassandra versions: ${name}`,
    ignore,
    fn: async () => {
      await using scene = await Scene.open();
      await body(scene);
    },
  });
}

test(`${KILLS} kills while versions replace each other: a reader always sees one whole version`, async (scene) => {
  assert.equal(await scene.loaded(1), "loaded");
  const watcher = new Watcher(scene);
  let interrupted = 0;
  let version = 1;
  for (let kills = 0; kills < KILLS;) {
    watcher.from(version++);
    // A version can be killed several times before it is loaded.
    while (kills < KILLS && Math.random() < 0.7) {
      await using process = await scene.committing(version);
      await process.stop("SIGKILL");
      kills++;
      if (!process.stdout.text.includes("loaded")) interrupted++;
    }
    assert.equal(await scene.loaded(version), "loaded");
    await scene.isExactly(version);
  }
  console.log(`${interrupted} of ${KILLS} kills interrupted a commit; ${await watcher.stop()}`);
  assert.ok(interrupted > 0);
});

test("versions replace each other when the clock was set back, and in one millisecond", async (scene) => {
  assert.equal(await scene.loaded(1, 3_600_000), "loaded");
  assert.equal(await scene.loaded(2, -3_600_000), "loaded");
  await scene.isExactly(2);
  assert.equal(await scene.loaded(3, -1_000), "loaded");
  assert.equal(await scene.loaded(4, -2_000), "loaded");
  await scene.isExactly(4);
});

test("two versions that are loaded at the same time: the later one stays", async (scene) => {
  const ends: string[] = [];
  for (let version = 1; version < 2 * Math.ceil(KILLS / 2); version += 2) {
    await using earlier = scene.load(version);
    // Sometimes the later one is first.
    if (Math.random() < 0.5) await earlier.line(/^committing/, SECONDS);
    await using later = scene.load(version + 1);
    const isKilled = Math.random() < 0.5;
    if (isKilled) {
      await later.line(/^committing/, SECONDS);
      await pause(between(0, COMMIT_MS));
      await later.stop("SIGKILL");
    }
    const [end] = await Promise.all([
      endOf(earlier),
      isKilled ? scene.loaded(version + 1) : endOf(later),
    ]);
    assert.equal(await scene.state(version + 1), "ingested");
    assert.equal(await scene.state(version), end === "loaded" ? "ingested" : "quarantined");
    await scene.isExactly(version + 1);
    ends.push(end);
  }
  console.log(`the earlier one was ${ends.join(", ")}`);
});

test("a file that ended in the middle of its commit does not hold up later versions", async (scene) => {
  assert.equal(await scene.loaded(1), "loaded");
  await using lost = await scene.committing(2);
  await lost.stop("SIGKILL");
  await scene.refuse(2);
  assert.equal(await scene.loaded(3), "loaded");
  await scene.isExactly(3);
});

test(`${KILLS} kills while the cluster refuses a row: nothing of its file remains`, async (scene) => {
  const keyspace = tenantKeyspace(scene.namespace, TENANT);
  await scene.client.execute(`CREATE INDEX ON "${keyspace}".items (note) USING 'sai'`);
  assert.equal(await scene.loaded(1), "loaded");
  const last = 2 * STEP + ROWS - 1;
  let undone = 0;
  for (let kills = 0; kills < KILLS; kills++) {
    await using process = scene.load(2, 0, last);
    await process.line(/^(committing|rows-refused|loaded)/, SECONDS);
    // Half of the kills wait for the refusal, which comes late on a busy machine.
    if (kills % 2 === 0) await pause(between(0, 2 * COMMIT_MS));
    else await until("the row is refused", () => scene.isRefused(2), SECONDS);
    await process.stop("SIGKILL");
    if (await scene.isRefused(2)) undone++;
  }
  await using process = scene.load(2, 0, last);
  const end = await endOf(process);
  // An earlier process may have ended the file, and was killed before it said so.
  assert.ok(["rows-refused", "loaded"].includes(end), end);
  assert.equal(await scene.state(2), "quarantined");
  console.log(`${undone} of ${KILLS} kills happened after the cluster had refused the row`);
  const rows = await scene.rows();
  assert.deepEqual(new Set(rows.values()), new Set([1]), "rows of the refused version remain");
  for (const id of idsOf(1)) assert.ok(id >= 2 * STEP || rows.has(id), `row ${id} is missing`);
  assert.equal(await scene.loaded(3), "loaded");
  await scene.isExactly(3);
});

test("a process that sleeps while later versions are loaded changes nothing afterwards", async (scene) => {
  assert.equal(await scene.loaded(1), "loaded");
  await using asleep = await scene.committing(2, between(0, COMMIT_MS / 2));
  asleep.kill("SIGSTOP");
  await scene.refuse(2);
  assert.equal(await scene.loaded(3), "loaded");
  await scene.isExactly(3, 2);
  asleep.kill("SIGCONT");
  await asleep.ended(SECONDS);
  await scene.isExactly(3, 2);
  assert.equal(await scene.state(2), "refused");
});
