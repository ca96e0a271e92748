import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { createFileIds } from "../../src/data/file_id.ts";
import { Layout } from "../../src/data/layout.ts";
import { writeSidecar } from "../../src/staging/sidecar.ts";
import type { Bench } from "./bench.ts";
import { Beside, output } from "./processes.ts";
import type { MadeFile } from "./rows.ts";

export const TENANT = "bench";
export const PASSWORD = "bench-password";
/** The table of the tenant's module. */
export const TABLE = "strikes";
const MODULE = join(import.meta.dirname ?? ".", "tenant");
const CONSTRAINTS = { formats: [".csv"], number_files: 100, data_sizes: 1024 ** 3 };

/** A data directory with one customer and its module. */
export class Platform {
  readonly data: string;
  readonly layout: Layout;
  readonly #bench: Bench;
  readonly #nextId = createFileIds();

  private constructor(bench: Bench, data: string) {
    this.#bench = bench;
    this.data = data;
    this.layout = new Layout(data);
  }

  /**
   * @param name the name of its folder in the bench's folder
   * @param module the folder of the module to deploy
   */
  static async make(bench: Bench, name: string, module = MODULE): Promise<Platform> {
    const platform = new Platform(bench, join(bench.folder, name));
    const { data, layout } = platform;
    const { program } = bench;
    await output(program, ["manage", "init", "--data", data]);
    await output(program, ["manage", "tenant", "add", TENANT, "-p", PASSWORD, "--data", data]);
    await output(program, ["manage", "tenant", "deploy", TENANT, module, "--data", data]);
    await Deno.writeTextFile(layout.constraints(TENANT), JSON.stringify(CONSTRAINTS));
    return platform;
  }

  serve(): Beside {
    const args = ["serve", "--data", this.data, "--listen", "127.0.0.1:0"];
    return new Beside(this.#bench.program, args);
  }

  manage(): Beside {
    return new Beside(this.#bench.program, ["manage", "--data", this.data]);
  }

  /** Runs `fetch` as the customer with the client directory `dir`. */
  fetchArguments(server: string, dir: string): string[] {
    return ["fetch", "-u", TENANT, "-p", PASSWORD, "--server", server, "-d", dir];
  }

  /** Links a file into staging as the server does; the original stays. */
  async stage(file: MadeFile): Promise<string> {
    const { size, sha256 } = file;
    const id = this.#nextId();
    const name = `${id}.csv`;
    await writeSidecar(this.layout, "staging", {
      ...{ id, tenant: TENANT, name, version: 1, size, sha256, batch: null },
      receivedAt: Date.now(),
    });
    await Deno.link(file.path, this.layout.file("staging", TENANT, id));
    return id;
  }

  /** Removes uploaded files, so that the disk does not fill up. */
  async clearStaging(): Promise<void> {
    await Deno.remove(this.layout.tenantFolder("staging", TENANT), { recursive: true });
  }

  /** One row of the customer's database; null if it does not exist yet. */
  query(sql: string): Record<string, SQLOutputValue> | null {
    return queryOne(this.layout.tenantDatabase(TENANT), sql);
  }

  /** The statement that created the customer's table. */
  createTable(): string {
    const row = this.query(`SELECT sql FROM sqlite_schema WHERE name = '${TABLE}'`);
    if (row === null) throw new Error(`the module's table "${TABLE}" does not exist`);
    return String(row["sql"]);
  }

  async remove(): Promise<void> {
    await Deno.remove(this.data, { recursive: true });
  }
}

/** The first row of a query in a database file, or null. */
export function queryOne(path: string, sql: string): Record<string, SQLOutputValue> | null {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db.prepare(sql).get() ?? null;
  } finally {
    db.close();
  }
}
