import { join } from "node:path";
import { Chance } from "../../harness/chance.ts";
import { keepAll, type ModuleFiles } from "../../harness/modules.ts";
import { Platform } from "../../harness/platform.ts";
import { canMountDisk, type SmallDisk, smallDisk } from "../../harness/small_disk.ts";
import { until } from "../../harness/until.ts";
import { type Content, Contents } from "./contents.ts";
import { ByHand } from "./by_hand.ts";
import { type Customer, FetchCustomer, TusCustomer } from "./customers.ts";
import { Service } from "./service.ts";
import { pathsOf } from "./targets.ts";

const DISK_MB = 256;
const UP_SECONDS = 10;
/** The maximum number of rows of a later version. */
const MOST_OF_VERSION = 200;
/** The user "nobody": root could read and write everything, whatever its mode. */
const UID = Deno.uid() === 0 ? 65534 : undefined;
// Kills count as attempts; no file may fail because of them.
const CONFIG = "[manage]\nscan_seconds = 0.5\nmax_attempts = 100\nretry_seconds = 2\n" +
  "drain_seconds = 2\nconcurrency = 2\nreconcile_seconds = 1\n";

/** The loop makes loads long enough to be met. */
function moduleOf(versions: "add" | "replace"): ModuleFiles {
  const module = keepAll({
    files: "*.csv",
    before: `if (record.a === "no") return ctx.reject("no", "a");
    for (let n = 0; n < 150_000; n++);`,
    limits: { rejectShare: 0.5 },
  });
  const source = module["ingest.ts"] ?? "";
  const declared = source.replace("tables: {", `versions: "${versions}",\n  tables: {`);
  return { ...module, "ingest.ts": declared };
}

/** A platform with its customers, on a disk of its own if one can be mounted. */
export class Town implements AsyncDisposable {
  /** Decides about interventions only: how fast files are loaded must not change the sequence. */
  readonly chance: Chance;
  readonly #contentChance: Chance;
  readonly contents = new Contents();
  readonly platform: Platform;
  readonly uid = UID;
  /** Null where no file system can be mounted. */
  readonly disk: SmallDisk | null;
  readonly serve: Service;
  readonly manage: Service;
  readonly customers: Customer[] = [];
  /** What was done, for error messages. */
  readonly journal: string[] = [];
  readonly url: string;
  isDiskFull = false;
  readonly #startedAt = performance.now();
  /** The backup to restore next, and when it was begun. */
  backup: { dir: string; begunAt: number } | null = null;
  readonly #texts = new Map<string, string>();
  #backups = 0;

  private constructor(seed: number, platform: Platform, disk: SmallDisk | null) {
    this.chance = new Chance(seed);
    this.#contentChance = new Chance(seed + 1);
    this.platform = platform;
    this.disk = disk;
    const listen = `127.0.0.1:${freePort()}`;
    this.url = `http://${listen}`;
    this.serve = new Service("serve", () => platform.start(["serve", "--listen", listen]));
    this.manage = new Service("manage", () => platform.manage());
  }

  static async create(seed: number): Promise<Town> {
    const disk = await canMountDisk() ? await smallDisk(DISK_MB) : null;
    if (disk !== null && UID !== undefined) await Deno.chown(disk.path, UID, UID);
    const platform = await Platform.create(CONFIG, disk?.path, "sqlite:", UID);
    const town = new Town(seed, platform, disk);
    await town.#settle();
    return town;
  }

  /** Accounts, modules and customers. One tenant gets its module later: {@link deployLast}. */
  async #settle(): Promise<void> {
    const { platform } = this;
    for (const tenant of ["once", "watch", "plain"]) {
      await platform.must("manage", "tenant", "add", tenant, "-p", `password-${tenant}`);
      await platform.constrain(tenant, { number_files: 100_000 });
    }
    for (const tenant of ["once", "watch", "by-hand"]) await this.#deploy(tenant);
    await this.#noteTexts();
    this.customers.push(
      await FetchCustomer.create(this, "once", false),
      await FetchCustomer.create(this, "watch", true),
      new TusCustomer(this, "plain"),
      new ByHand(this, "by-hand"),
    );
  }

  async #deploy(tenant: string): Promise<void> {
    await this.platform.deploy(tenant, moduleOf(tenant === "watch" ? "replace" : "add"));
    await this.own(this.platform.dir);
  }

  /** Deploys the module of the tenant whose files wait; again after a backup without it was restored. */
  deployLast(): Promise<void> {
    return this.#deploy("plain");
  }

  /** Notes the files that people edit, as they must be. */
  async #noteTexts(): Promise<void> {
    for (const target of ["accounts", "constraints"] as const) {
      for (const path of await pathsOf(this, target)) {
        this.#texts.set(path, await Deno.readTextFile(path));
      }
    }
  }

  /** Corrects the files that people edit; a restored backup can have a broken one. */
  async fixTexts(): Promise<void> {
    for (const [path, text] of this.#texts) {
      await Deno.writeTextFile(path, text);
      await this.own(path);
    }
  }

  /** Everything the test has written there belongs to the user of the services. */
  async own(path: string): Promise<void> {
    if (this.uid === undefined) return;
    await new Deno.Command("chown", { args: ["-R", `${this.uid}:${this.uid}`, path] }).output();
  }

  note(text: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1);
    this.journal.push(`${seconds.padStart(6)} s  ${text}`);
    if (Deno.env.has("CHAOS_VERBOSE")) console.log(this.journal.at(-1));
  }

  /**
   * Starts the services and waits until `serve` answers. While something is broken it may be unable
   * to start; then it is started again and again.
   */
  async up(seconds = UP_SECONDS): Promise<boolean> {
    this.serve.up();
    this.manage.up();
    const answers = () =>
      fetch(`${this.url}/livez`).then(async (answer) => {
        await answer.body?.cancel();
        return answer.ok;
      }, () => false);
    return await until("serve answers", answers, seconds).catch(() => false);
  }

  async down(signal?: Deno.Signal): Promise<void> {
    await Promise.all([this.serve.down(signal), this.manage.down(signal)]);
  }

  /** A new file of a customer chosen at random. */
  async add(): Promise<void> {
    const customer = this.#contentChance.pick(this.customers);
    await customer.add(this.contents.make(customer.tenant, this.#contentChance, customer.most));
  }

  /** New content for a customer's file, and the end of the old one. */
  nextVersion(old: Content): Content {
    old.isWanted = false;
    return this.contents.make(old.tenant, this.#contentChance, MOST_OF_VERSION, old.name);
  }

  /** Files in staging. */
  async inStaging(): Promise<number> {
    let staged = 0;
    for (const { tenant } of this.customers) {
      const names = await this.platform.list("staging", tenant).catch(() => []);
      staged += names.filter((name) => !name.startsWith(".")).length;
    }
    return staged;
  }

  /** Files that are not loaded yet: in staging, or not received. */
  async inFlight(): Promise<number> {
    return await this.inStaging() + this.customers.reduce((sum, { unsent }) => sum + unsent, 0);
  }

  /** What is needed to understand a failure and to repeat it. */
  describe(error: unknown): string {
    const crashes = [this.serve, this.manage].flatMap(({ name, crashes }) =>
      crashes.map(({ code, output }) => `${name} ended with ${code}: ${output}`)
    );
    return [
      `SEED=${this.chance.seed} repeats these interventions:`,
      ...this.journal,
      ...crashes,
      ...this.customers.flatMap(({ troubles }) => troubles),
      `serve:\n${this.serve.warnings.join("\n")}`,
      `manage:\n${this.manage.warnings.join("\n")}`,
      error instanceof Error ? error.message : String(error),
    ].join("\n");
  }

  /** A path for the next backup, on another disk. */
  async nextBackup(): Promise<string> {
    const dir = await Deno.makeTempDir({ prefix: "mysimbdp-backup-" });
    await this.own(dir);
    return join(dir, `${++this.#backups}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const customer of this.customers) await customer.close();
    await Promise.all([this.serve.close(), this.manage.close()]);
    await this.platform[Symbol.asyncDispose]();
    await this.disk?.[Symbol.asyncDispose]();
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
