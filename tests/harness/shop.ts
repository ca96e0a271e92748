import type { FileRecord } from "../../src/storage/contract.ts";
import { CassandraPlatform } from "./cassandra_platform.ts";
import type { ModuleFiles } from "./modules.ts";
import { until } from "./until.ts";

const CONFIG = "[manage]\nscan_seconds = 0.5\n";

/** A module with one row for each article. @param rejects the file whose records it rejects */
export function stock({ versions = "add", rejects = "" } = {}): ModuleFiles {
  return {
    "tenant.json": JSON.stringify({
      entry: "ingest.ts",
      permissions: { write: ["stock"], read: [], net: [] },
    }),
    "ingest.ts": `import { csv, defineIngest } from "mysimbdp";
export default defineIngest({
  files: "*.csv",
  format: csv({ header: true }),
  versions: ${JSON.stringify(versions)},
  tables: {
    stock: { columns: { sku: "text", name: "text", amount: "int" }, partitionKey: ["sku"] },
  },
  row({ sku, name, amount }, ctx) {
    if (ctx.fileName === ${JSON.stringify(rejects)}) return ctx.reject("not yet");
    return { stock: { sku, name, amount: Number(amount) } };
  },
});`,
  };
}

/** A file of articles with these keys; the name says from which file a row is. */
export function articles(from: string, keys: readonly string[]): string {
  return `sku,name,amount\n${keys.map((key) => `${key},${from},1\n`).join("")}`;
}

/** A platform with one tenant, whose stock operators change behind its back. */
export class Shop implements AsyncDisposable {
  readonly on: CassandraPlatform;
  readonly #seconds: number;

  /** @param seconds after which a file that has not ended fails the test */
  constructor(on: CassandraPlatform, seconds = 30) {
    this.on = on;
    this.#seconds = seconds;
  }

  static async open(module = stock()): Promise<Shop> {
    const on = await CassandraPlatform.create(CONFIG);
    await on.platform.deploy("shop", module);
    return new Shop(on);
  }

  get table(): string {
    return `"${this.on.keyspace("shop")}".stock`;
  }

  /** Sends a file, which a running `manage` loads. */
  async load(name: string, keys: readonly string[], from = name): Promise<FileRecord> {
    await this.on.platform.stage("shop", name, articles(from, keys));
    return await this.ended(name, 1);
  }

  /** Loads a file again; returns what the command printed, and the record afterwards. */
  async replay(
    { id, name }: FileRecord,
    ...flags: string[]
  ): Promise<{ said: string; file: FileRecord }> {
    const before = await this.record(id);
    const said = await this.on.platform.must("manage", "replay", id, ...flags);
    return { said, file: await this.ended(name, 1, before?.finishedAt ?? 0) };
  }

  async ended(name: string, count: number, after = 0): Promise<FileRecord> {
    return await until(`"${name}" is done`, async () => {
      const files = await this.on.platform.files({ tenant: "shop", name });
      const [newest] = files;
      const isDone = newest && files.length >= count && (newest.finishedAt ?? 0) > after;
      return isDone && newest.state !== "queued" && newest.state !== "running" ? newest : null;
    }, this.#seconds);
  }

  async record(id: string): Promise<FileRecord | undefined> {
    return (await this.on.platform.files({ tenant: "shop" })).find((file) => file.id === id);
  }

  /** From which file the name of each article is; null if it is empty. */
  async names(): Promise<Record<string, string | null>> {
    const rows = await this.on.rows("shop", "stock", "sku, name");
    return Object.fromEntries(rows.map(({ sku, name }) => [sku, name]));
  }

  /** As an operator does in cqlsh. */
  async delete(...keys: string[]): Promise<void> {
    for (const key of keys) {
      await this.on.client.execute(`DELETE FROM ${this.table} WHERE sku = ?`, [key]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.on[Symbol.asyncDispose]();
  }
}
