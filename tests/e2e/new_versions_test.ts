import assert from "node:assert/strict";
import { join } from "node:path";
import { Layout } from "../../src/data/layout.ts";
import { ModuleStore } from "../../src/modules/store.ts";
import { readSidecar } from "../../src/staging/sidecar.ts";
import { filesIn } from "../../src/staging/staged.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/storage.ts";
import type { FileRecord } from "../../src/storage/contract.ts";
import type { ModuleFiles } from "../harness/modules.ts";
import { fileRecord, receiptFor } from "../contracts/storage_fixtures.ts";
import { Platform } from "../harness/platform.ts";
import { type Customer, upload } from "../harness/tus.ts";

const USER = "customer-1";

/** A module that stores each record under `ctx.rowId`, which depends on the whole file. */
const moduleOf = (versions: "add" | "replace" | null, more = ""): ModuleFiles => ({
  "ingest.ts": `import { csv, defineIngest } from "mysimbdp";
export default defineIngest({
  files: "*.csv",
  format: csv(),
  ${versions === null ? "" : `versions: "${versions}",`}
  ${more}
  tables: { sales: { columns: { id: "uuid", item: "text", n: "int" }, partitionKey: ["id"] } },
  row: (record, ctx) => ({ sales: { id: ctx.rowId, item: record["item"], n: record["n"] } }),
});
`,
  "tenant.json": JSON.stringify({ permissions: { write: ["sales"] }, limits: { rejectShare: 0 } }),
});

class Shop {
  readonly platform: Platform;
  readonly #customer: Customer;

  constructor(platform: Platform, url: string) {
    this.platform = platform;
    this.#customer = { url, user: USER, password: "password-1" };
  }

  static async open(files: ModuleFiles): Promise<Shop> {
    const platform = await Platform.create("[manage]\nscan_seconds = 0.5\n");
    await platform.seedAccounts();
    const { url } = await platform.serve();
    await platform.deploy(USER, files);
    return new Shop(platform, url);
  }

  async send(text: string, name = "sales.csv"): Promise<void> {
    const response = await upload(this.#customer, name, new TextEncoder().encode(text));
    assert.ok(response.ok, `${response.status}`);
  }

  /** Loads what waits. @returns the versions of a file, the oldest first */
  async load(name = "sales.csv"): Promise<FileRecord[]> {
    await this.platform.run("manage", "--once");
    const files = await this.platform.files({ tenant: USER, name });
    return files.sort((a, b) => a.version - b.version);
  }

  /** Sends one version and loads it. */
  async sendAndLoad(text: string, name = "sales.csv"): Promise<FileRecord[]> {
    await this.send(text, name);
    return await this.load(name);
  }

  /** The stored records, as `item n`. */
  get rows(): string[] {
    return this.platform.query(USER, 'SELECT item, n FROM "sales" ORDER BY item, n')
      .map(({ item, n }) => `${item} ${n}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.platform[Symbol.asyncDispose]();
  }
}

const HEADER = "item,n\n";
const DAY = `${HEADER}hat,1\nbag,2\n`;

Deno.test("a file that grows, then is corrected, has exactly the rows of its last version", async () => {
  await using shop = await Shop.open(moduleOf("replace"));
  await shop.sendAndLoad(DAY);
  await shop.sendAndLoad(`${HEADER}cap,7\n`, "other.csv");
  const grown = await shop.sendAndLoad(`${DAY}pen,3\n`);
  assert.deepEqual(shop.rows, ["bag 2", "cap 7", "hat 1", "pen 3"]);
  const [first, second] = grown;
  assert.equal(first?.replacedBy, second?.id);
  assert.equal(second?.replacedBy, null);
  assert.deepEqual(second?.notices, []);
  const corrected = await shop.sendAndLoad(`${HEADER}hat,10\npen,3\n`);
  assert.deepEqual(shop.rows, ["cap 7", "hat 10", "pen 3"]);
  assert.deepEqual(corrected.map(({ replacedBy }) => replacedBy), [
    second?.id,
    corrected[2]?.id,
    null,
  ]);
});

Deno.test("a test run says what would happen to the rows of earlier versions", async () => {
  await using platform = await Platform.create();
  const input = join(await platform.inputDir({ "sales.csv": DAY }), "sales.csv");
  for (const versions of ["replace", "add"] as const) {
    const module = await platform.inputDir(moduleOf(versions));
    const shown = await platform.must("manage", "tenant", "test", module, input);
    const notice = /notice: rows of earlier versions of "sales\.csv" would be removed/;
    assert.equal(notice.test(shown), versions === "replace", shown);
  }
});

Deno.test("a correction is taken back: the earlier content is sent again", async () => {
  await using shop = await Shop.open(moduleOf("replace"));
  await shop.sendAndLoad(DAY);
  await shop.sendAndLoad(`${HEADER}hat,9\n`);
  const files = await shop.sendAndLoad(DAY);
  assert.deepEqual(shop.rows, ["bag 2", "hat 1"]);
  assert.deepEqual(files.map(({ version, state }) => `${version} ${state}`), [
    "1 ingested",
    "2 ingested",
    "3 ingested",
  ]);
  assert.equal(files[1]?.replacedBy, files[2]?.id);
  // What is loaded already is not loaded again.
  await shop.sendAndLoad(DAY);
  assert.equal((await shop.load()).length, 3);
});

Deno.test("without a choice, a new version adds its rows", async () => {
  await using shop = await Shop.open(moduleOf(null));
  await shop.sendAndLoad(DAY);
  const files = await shop.sendAndLoad(`${DAY}pen,3\n`);
  assert.deepEqual(shop.rows, ["bag 2", "bag 2", "hat 1", "hat 1", "pen 3"]);
  assert.deepEqual(files.map(({ replacedBy }) => replacedBy), [null, null]);
});

Deno.test("a version that fails leaves the rows of the earlier one; one without rows replaces them", async () => {
  await using shop = await Shop.open(moduleOf("replace", "allowEmpty: true,"));
  await shop.sendAndLoad(DAY);
  const [, failed] = await shop.sendAndLoad(`${HEADER}hat,x\n`);
  assert.equal(failed?.state, "quarantined");
  assert.deepEqual(shop.rows, ["bag 2", "hat 1"]);
  const files = await shop.sendAndLoad(HEADER);
  assert.deepEqual(files.map(({ state }) => state), ["ingested", "quarantined", "ingested"]);
  assert.deepEqual(shop.rows, []);
  assert.equal(files[0]?.replacedBy, files[2]?.id);
});

Deno.test("a module that adds, then replaces, then adds again", async (t) => {
  await using shop = await Shop.open(moduleOf("add"));
  const { platform } = shop;
  await shop.sendAndLoad(DAY);
  await t.step("replace: rows from before stay, and a notice says so", async () => {
    await platform.deploy(USER, moduleOf("replace"));
    const [first, second] = await shop.sendAndLoad(`${HEADER}hat,5\n`);
    assert.deepEqual(shop.rows, ["bag 2", "hat 1", "hat 5"]);
    assert.equal(first?.replacedBy, null);
    assert.deepEqual(second?.notices, [
      "the 2 rows of version 1 stay: the module did not declare versions: " +
      '"replace" when they were loaded',
    ]);
    await shop.sendAndLoad(`${HEADER}hat,6\n`);
    assert.deepEqual(shop.rows, ["bag 2", "hat 1", "hat 6"]);
  });
  await t.step("an earlier version cannot be loaded over a later one", async () => {
    const [first] = await platform.files({ name: "sales.csv" }).then((all) => all.reverse());
    await platform.must("manage", "replay", first!.id);
    const [refused, , third] = await shop.load();
    assert.equal(refused?.state, "refused");
    assert.equal(refused?.reason?.code, "superseded");
    assert.equal(refused?.replacedBy, third?.id);
    assert.deepEqual(shop.rows, ["bag 2", "hat 1", "hat 6"]);
  });
  await t.step("add: nothing is removed", async () => {
    await platform.deploy(USER, moduleOf("add"));
    const before = shop.rows;
    const files = await shop.sendAndLoad(`${HEADER}mug,8\n`);
    assert.equal(files.at(-1)?.state, "ingested");
    assert.deepEqual(shop.rows, [...before, "mug 8"].sort());
  });
});

Deno.test("replays: of the last version, of a replaced one, of one that failed before", async (t) => {
  await using shop = await Shop.open(moduleOf("replace"));
  const { platform } = shop;
  await shop.sendAndLoad(`${HEADER}hat,x\n`);
  const [first, second] = await shop.sendAndLoad(DAY);
  assert.equal(first?.state, "quarantined");
  await t.step("one that failed, when a later one is loaded", async () => {
    await platform.must("manage", "replay", first!.id);
    const [refused] = await shop.load();
    assert.equal(refused?.state, "refused");
    assert.match(
      refused?.reason?.message ?? "",
      /^Cannot load version 1 of "sales\.csv": version 2/,
    );
    assert.equal(refused?.replacedBy, second?.id);
    assert.deepEqual(shop.rows, ["bag 2", "hat 1"]);
    const { code, stderr } = await platform.run("manage", "replay", first!.id);
    assert.notEqual(code, 0);
    assert.match(stderr, /version 2 is loaded/);
    assert.match(stderr, /hint: .*Replay the later version/);
  });
  await t.step("the last one, with a module that stores fewer rows", async () => {
    const fewer = moduleOf("replace");
    fewer["ingest.ts"] = fewer["ingest.ts"]!.replace(
      "(record, ctx) =>",
      '(record, ctx) => record["item"] === "hat" ? null :',
    );
    await platform.deploy(USER, fewer);
    await platform.must("manage", "replay", second!.id);
    await shop.load();
    assert.deepEqual(shop.rows, ["bag 2"]);
  });
});

Deno.test("versions that wait together are loaded in the order of their numbers", async () => {
  await using shop = await Shop.open(moduleOf("replace"));
  for (const n of [1, 2, 3, 4]) await shop.send(`${HEADER}hat,${n}\n`);
  const files = await shop.load();
  assert.deepEqual(files.map(({ state }) => state), new Array(4).fill("ingested"));
  assert.deepEqual(shop.rows, ["hat 4"]);
});

Deno.test("rows of loads that added are replaced once all versions are loaded again", async () => {
  await using shop = await Shop.open(moduleOf("add"));
  await shop.sendAndLoad(DAY);
  const files = await shop.sendAndLoad(`${DAY}pen,3\n`);
  assert.equal(shop.rows.length, 5);
  await shop.platform.deploy(USER, moduleOf("replace"));
  // In any order: they are loaded in the order of their numbers.
  for (const { id } of files.reverse()) await shop.platform.must("manage", "replay", id);
  const [first, second] = await shop.load();
  assert.deepEqual(shop.rows, ["bag 2", "hat 1", "pen 3"]);
  assert.equal(first?.replacedBy, second?.id);
  assert.deepEqual(second?.notices, []);
});

Deno.test("after a kill between the commit and the ledger, the replaced version is marked", async () => {
  await using shop = await Shop.open(moduleOf("replace"));
  const { data } = shop.platform;
  await shop.sendAndLoad(DAY);
  await shop.send(`${DAY}pen,3\n`);
  const layout = new Layout(data);
  const [staged] = await Array.fromAsync(filesIn(layout, "staging"));
  const file = await readSidecar(layout, "staging", USER, staged!.id);
  const storage = openSqliteStorage(data);
  const record = { ...fileRecord(), ...file!, state: "running" as const, attempts: 1 };
  await storage.ledger.insert(record);
  const { declaration } = (await new ModuleStore(layout.moduleRoot).current(USER))!;
  const { name, version } = record;
  const load = await storage.begin(USER, record.id, declaration.tables, {
    replaces: { name, version },
  });
  await load.commit(receiptFor(0));
  await storage.close();
  const [first, second] = await shop.load();
  assert.equal(second?.state, "ingested");
  assert.equal(first?.replacedBy, second?.id);
  assert.deepEqual(shop.rows, []);
});
