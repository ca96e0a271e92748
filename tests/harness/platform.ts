import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type FileState, isFinal, type RejectView } from "../../src/protocol/file_view.ts";
import { dummyHash } from "../../src/accounts/stored_hash.ts";
import { openLedgerOf } from "../../src/storage/open.ts";
import type { FileRecord, LedgerReader } from "../../src/storage/contract.ts";
import { binary, ROOT } from "./binary.ts";
import { type ModuleFiles, writeModule } from "./modules.ts";
import { type Result, run, Running, type RunOptions } from "./process.ts";
import { until } from "./until.ts";

export interface Constraints {
  formats: string[];
  number_files: number;
  data_sizes: number;
}

/** Allows everything that a test may send. */
const GENEROUS: Constraints = {
  formats: [".csv", ".jsonl", ".gz"],
  number_files: 1000,
  data_sizes: 1024 * 1024,
};

/** A running `serve` and its URL. */
export interface Server {
  url: string;
  process: Running;
}

/** A data directory with everything that runs on it; removed when the test ends. */
export class Platform implements AsyncDisposable {
  /** A folder for the test's files, on the file system of the data directory. */
  readonly dir: string;
  readonly data: string;
  readonly #started: Running[] = [];
  readonly #storageUrl: string;
  /** The user that runs the commands; undefined: the test's user. */
  readonly #uid: number | undefined;
  #reader: LedgerReader | null = null;

  private constructor(dir: string, storageUrl: string, uid?: number) {
    this.dir = dir;
    this.#storageUrl = storageUrl;
    this.#uid = uid;
    this.data = join(dir, "data");
  }

  /**
   * @param config the text of the configuration file
   * @param where the parent folder; by default the system's folder for temporary files
   * @param storageUrl where rows are stored, for all commands
   * @param uid the user that runs all commands and owns the folder; only root can choose one
   */
  static async create(
    config = "",
    where?: string,
    storageUrl = "sqlite:",
    uid?: number,
  ): Promise<Platform> {
    binary();
    const dir = await Deno.makeTempDir({ dir: where, prefix: "mysimbdp-e2e-" });
    if (uid !== undefined) await Deno.chown(dir, uid, uid);
    const platform = new Platform(dir, storageUrl, uid);
    await platform.must("manage", "init");
    const storage = `[storage]\nurl = ${JSON.stringify(storageUrl)}\nlease_seconds = 3\n`;
    const text = storageUrl === "sqlite:" ? config : `${config}\n${storage}`;
    await Deno.writeTextFile(join(platform.data, "mysimbdp.toml"), text);
    return platform;
  }

  /** Adds an account with which nobody can sign in, unless it exists. */
  addTenant(tenant: string): void {
    const path = join(this.data, "users.json");
    // Without a pause in between, because modules are deployed for several tenants at once.
    const users = JSON.parse(Deno.readTextFileSync(path));
    users[tenant] ??= dummyHash("argon2id");
    // Programs that run meanwhile read it as a whole.
    Deno.writeTextFileSync(`${path}.new`, JSON.stringify(users), { mode: 0o600 });
    if (this.#uid !== undefined) Deno.chownSync(`${path}.new`, this.#uid, this.#uid);
    Deno.renameSync(`${path}.new`, path);
  }

  /** Deploys a module for a tenant; enough for files moved into staging. */
  async deploy(tenant: string, module: ModuleFiles): Promise<void> {
    await this.deployFolder(tenant, await writeModule(await this.scratch(), module));
  }

  /** Deploys the module in a folder for a tenant. */
  async deployFolder(tenant: string, dir: string): Promise<void> {
    this.addTenant(tenant);
    await this.must("manage", "tenant", "deploy", tenant, dir);
  }

  /** Adds the accounts of two customers with hashes of the platform's first version. */
  async seedAccounts(): Promise<void> {
    const seed = join(ROOT, "scripts/demo/users.json");
    await Deno.copyFile(seed, join(this.data, "users.json"));
    for (const tenant of ["customer-1", "customer-2"]) await this.constrain(tenant);
  }

  async constrain(tenant: string, constraints: Partial<Constraints> = {}): Promise<void> {
    const path = join(this.data, "constraints", `${tenant}.json`);
    await Deno.writeTextFile(path, JSON.stringify({ ...GENEROUS, ...constraints }));
  }

  /** Starts a command on the data directory that runs until it is stopped. */
  start(args: string[], options: RunOptions = {}): Running {
    const running = new Running([...args, "--data", this.data], { uid: this.#uid, ...options });
    this.#started.push(running);
    return running;
  }

  /** Ends a process that the test has started itself when the test ends. */
  own(running: Running): Running {
    this.#started.push(running);
    return running;
  }

  /** @param listen by default any free port */
  async serve(listen = "127.0.0.1:0"): Promise<Server> {
    const process = this.start(["serve", "--listen", listen]);
    const line = await process.line(/^listening on /);
    return { url: line.replace("listening on ", "").trim(), process };
  }

  manage(...args: string[]): Running {
    return this.start(["manage", ...args]);
  }

  /** Runs a command on the data directory to its end. */
  run(...args: string[]): Promise<Result> {
    return run([...args, "--data", this.data], { uid: this.#uid });
  }

  /** The standard output of a command that must succeed. */
  async must(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code !== 0) throw new Error(`mysimbdp ${args.join(" ")} ended with ${code}: ${stderr}`);
    return stdout;
  }

  /** An empty folder on the same file system. */
  async scratch(): Promise<string> {
    const dir = await Deno.makeTempDir({ dir: this.dir });
    if (this.#uid !== undefined) await Deno.chown(dir, this.#uid, this.#uid);
    return dir;
  }

  /** A folder with these files, as a customer has it. */
  async inputDir(files: Record<string, string | Uint8Array>): Promise<string> {
    const dir = await this.scratch();
    for (const [name, content] of Object.entries(files)) await write(join(dir, name), content);
    return dir;
  }

  /** Moves a file into staging with one rename. */
  async stage(tenant: string, name: string, content: string | Uint8Array): Promise<void> {
    const part = join(await this.scratch(), "part");
    await write(part, content);
    const folder = join(this.data, "staging", tenant);
    await Deno.mkdir(folder, { recursive: true });
    await Deno.rename(part, join(folder, name));
  }

  /** One reader for all queries, because connecting to a cluster is slow. */
  #ledger(): LedgerReader {
    return this.#reader ??= openLedgerOf({ data: this.data, storage: { url: this.#storageUrl } });
  }

  /** The ledger, newest first. */
  async files(query: { tenant?: string; name?: string } = {}): Promise<FileRecord[]> {
    return await this.#ledger().list({ ...query, limit: 10_000 });
  }

  /** All rejects of a file, in the order of its lines. */
  async rejects(id: string): Promise<RejectView[]> {
    return await this.#ledger().rejects(id, 0, 1_000_000);
  }

  /** Waits until a file is in a final state. */
  async settled(tenant: string, name: string, seconds?: number): Promise<FileRecord> {
    return await until(`"${name}" of ${tenant} reached a final state`, async () => {
      const [file] = await this.files({ tenant, name });
      return file && isFinal(file.state) ? file : null;
    }, seconds).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${await this.describe()}`);
    });
  }

  /** Waits until `count` files are in a final state, and returns all of them. */
  async allSettled(count: number, seconds?: number): Promise<FileRecord[]> {
    return await until(`${count} files reached a final state`, async () => {
      const files = await this.files();
      return files.filter((file) => isFinal(file.state)).length >= count ? files : null;
    }, seconds).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${await this.describe()}`);
    });
  }

  /** Runs a query in a tenant's keyspace. */
  query(tenant: string, sql: string): Record<string, unknown>[] {
    const path = join(this.data, "db/tenants", `${tenant}.sqlite`);
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      db.exec("PRAGMA busy_timeout=5000");
      return db.prepare(sql).all().map((row) => ({ ...row }));
    } finally {
      db.close();
    }
  }

  /** The number of rows in a tenant's table. */
  count(tenant: string, table: string): number {
    return Number(this.query(tenant, `SELECT count(*) AS n FROM "${table}"`)[0]?.["n"]);
  }

  /** The names in a folder of the data directory; empty if it is missing. */
  async list(...path: string[]): Promise<string[]> {
    try {
      const entries = await Array.fromAsync(Deno.readDir(join(this.data, ...path)));
      return entries.map((entry) => entry.name).sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  /** Waits until a folder of the data directory is empty. */
  async emptied(...path: string[]): Promise<void> {
    await until(`${path.join("/")} is empty`, async () => (await this.list(...path)).length === 0);
  }

  /** The files in the ledger and the last output of the processes, for error messages. */
  async describe(): Promise<string> {
    const files = (await this.files()).slice(0, 30).map((file) =>
      `${file.tenant} ${file.name} ${file.state} ${JSON.stringify(file.reason)}`
    );
    return [...files, ...this.#started.slice(-2).map((each) => each.transcript())].join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#started) await running[Symbol.asyncDispose]();
    await this.#reader?.close();
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** Whether the counts of a file are consistent with each other and with its state. */
export function addsUp({ rows, state }: FileRecord): boolean {
  const { read, stored, replaced, rejected, skipped } = rows;
  const whole = read === stored + replaced + rejected + skipped;
  return whole && (state === ("ingested" satisfies FileState) || stored === 0);
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  if (typeof content === "string") await Deno.writeTextFile(path, content);
  else await Deno.writeFile(path, content);
}
