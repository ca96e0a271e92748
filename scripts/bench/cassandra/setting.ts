import { join } from "node:path";
import type { Bench } from "../bench.ts";
import { Platform, TABLE, TENANT } from "../platform.ts";
import { settle, timed } from "../processes.ts";
import { type MadeFile, writeCsv } from "../rows.ts";
import type { Node } from "./node.ts";

/** Enough rows for the node's compiler to finish, which would slow down the first side. */
const WARM_UP_ROWS = 1_000_000;
const WARM_UP_SEED = 99;

/** A platform on the node, with one table in a keyspace of this run. */
export class Setting {
  readonly #bench: Bench;
  readonly #node: Node;
  readonly #namespace: string;
  readonly #module: string | undefined;
  #platform: Platform | null = null;

  constructor(bench: Bench, node: Node, { shape, module }: { shape: string; module?: string }) {
    this.#bench = bench;
    this.#node = node;
    this.#namespace = `b${Deno.pid.toString(36)}${shape}`;
    this.#module = module;
  }

  /** The name of the table, with its keyspace. */
  get table(): string {
    return `${this.#namespace}_t_${TENANT}.${TABLE}`;
  }

  /** Deploys the module and loads a small file, so that the table exists and the node is warm. */
  async prepare(): Promise<void> {
    await this.#asStorage(async () => {
      const name = `cassandra-${this.#namespace}`;
      this.#platform = await Platform.make(this.#bench, name, this.#module);
    });
    const file = await writeCsv(
      join(this.#bench.folder, "warm.csv"),
      { rows: WARM_UP_ROWS },
      WARM_UP_SEED,
    );
    await this.ingest(file);
    await this.#node.truncate(this.table);
  }

  /** Runs `manage --once` for one staged file. @returns seconds */
  async ingest(file: MadeFile, watch?: (pid: number) => void): Promise<number> {
    const platform = this.#platform!;
    await platform.stage(file);
    await settle();
    return await this.#asStorage(async () => {
      const args = ["manage", "--once", "--data", platform.data];
      return (await timed(this.#bench.program, args, watch)).seconds;
    });
  }

  async remove(): Promise<void> {
    await this.#platform?.remove();
    await this.#node.forget(this.#namespace);
  }

  async #asStorage<T>(work: () => Promise<T>): Promise<T> {
    Deno.env.set("MYSIMBDP_STORAGE_URL", this.#node.url(this.#namespace));
    try {
      return await work();
    } finally {
      Deno.env.delete("MYSIMBDP_STORAGE_URL");
    }
  }
}
