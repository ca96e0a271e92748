import { Client, types } from "cassandra-driver";
import { readFileSync } from "node:fs";
import {
  type ClusterOptions,
  defaultOptions,
  down,
  places,
  SUPERUSER,
  up,
} from "../../cassandra/cluster.ts";
import { logOf, pidOf, processorSeconds } from "../../cassandra/node.ts";
import { whatIsMissing } from "../../cassandra/release.ts";
import { CQL_PORT, DATACENTER, type NodePlace } from "../../cassandra/settings.ts";
import { MissingTool } from "../processes.ts";

const QUERY_MS = 300_000;
/** Large, so that the node does not flush a small memtable all the time. */
const HEAP_MB = 4096;
/** Warnings about pauses of the machine or the garbage collector do not depend on the load. */
const NOT_OURS = /local pause|GCInspector|FailureDetector/;

/** Parts of the ring in which a table is read, so that no query times out. */
const PARTS = 128;

/** How long and how often the node is sampled, and the share of a core that counts as idle. */
const QUIET_MS = 500;
const QUIET_LOOKS = 60;
const QUIET_SHARE = 0.1;

/** The token where a part of the ring starts. */
function tokenAt(part: number): types.Long {
  const most = 2n ** 63n - 1n;
  return types.Long.fromString(
    String(part === PARTS ? most : -most + (most * 2n / BigInt(PARTS)) * BigInt(part)),
  );
}

/** Checksums of a table, to compare two loads of a file. */
export interface Sums {
  rows: number;
  speed: number;
  height: number;
}

/** The single node of the benchmark. */
export class Node implements AsyncDisposable {
  readonly address: string;
  readonly version: string;
  readonly client: Client;
  readonly #place: NodePlace | null;
  readonly #wasDown: boolean;

  private constructor(
    client: Client,
    found: { address: string; version: string; place: NodePlace | null; wasDown: boolean },
  ) {
    this.client = client;
    this.address = found.address;
    this.version = found.version;
    this.#place = found.place;
    this.#wasDown = found.wasDown;
  }

  /**
   * Returns the node in `CASSANDRA_CONTACT_POINTS`, or that of `deno task cassandra`, which is started
   * if necessary and then stopped at the end.
   *
   * @throws {MissingTool}
   */
  static async start(): Promise<Node> {
    const given = Deno.env.get("CASSANDRA_CONTACT_POINTS");
    const place = given ? null : await ownPlace(defaultOptions(1, HEAP_MB));
    const address = place?.node.address ?? given!.split(",")[0]!.replace(/:\d+$/, "");
    const client = new Client({
      contactPoints: [`${address}:${CQL_PORT}`],
      localDataCenter: DATACENTER,
      credentials: { username: SUPERUSER.user, password: SUPERUSER.password },
      socketOptions: { readTimeout: QUERY_MS },
    });
    await client.connect();
    const [row] = (await client.execute("SELECT release_version FROM system.local")).rows;
    return new Node(client, {
      address,
      version: String(row!["release_version"]),
      place: place?.node ?? null,
      wasDown: place?.wasDown ?? false,
    });
  }

  /** The storage URL. @param namespace separates runs */
  url(namespace: string): string {
    const { user, password } = SUPERUSER;
    return `cassandra://${user}:${password}@${this.address}:${CQL_PORT}` +
      `?datacenter=${DATACENTER}&namespace=${namespace}`;
  }

  /** Reads a whole table, one part of the ring at a time, because a single query would time out. */
  async sums(table: string): Promise<Sums> {
    const [keyspace = "", name = ""] = table.split(".");
    const keys = await this.client.execute(
      "SELECT column_name, kind FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?",
      [keyspace, name],
    );
    const key = keys.rows.find((row) => row["kind"] === "partition_key")!["column_name"];
    const query = `SELECT count(*) AS n, sum(CAST(speed AS bigint)) AS speed, ` +
      `sum(CAST(height AS bigint)) AS height FROM ${table} ` +
      `WHERE token(${key}) > ? AND token(${key}) <= ?`;
    const sums = { rows: 0, speed: 0, height: 0 };
    for (let part = 0; part < PARTS; part++) {
      const [from, to] = [tokenAt(part), tokenAt(part + 1)];
      const { rows } = await this.client.execute(query, [from, to], {
        prepare: true,
        consistency: types.consistencies.localQuorum,
        fetchSize: 1000,
      });
      sums.rows += Number(rows[0]!["n"]);
      sums.speed += Number(rows[0]!["speed"]);
      sums.height += Number(rows[0]!["height"]);
    }
    return sums;
  }

  async truncate(table: string): Promise<void> {
    await this.client.execute(`TRUNCATE ${table}`);
  }

  /** Removes everything that a run has created in the cluster. */
  async forget(namespace: string): Promise<void> {
    const keyspaces = await this.client.execute(
      "SELECT keyspace_name FROM system_schema.keyspaces",
    );
    const roles = await this.client.execute("SELECT role FROM system_auth.roles");
    const isOurs = (name: string) =>
      name === `mysimbdp_${namespace}` || name.startsWith(`${namespace}_t_`);
    for (const row of keyspaces.rows) {
      if (isOurs(row["keyspace_name"])) {
        await this.client.execute(`DROP KEYSPACE "${row["keyspace_name"]}"`);
      }
    }
    for (const row of roles.rows) {
      if (isOurs(row["role"])) await this.client.execute(`DROP ROLE "${row["role"]}"`);
    }
  }

  /**
   * Waits until the node has finished the work that the last load caused (flushing, compacting,
   * compiling), which would slow down the next one. Only for a node on this machine, with a limit.
   */
  async quiet(): Promise<void> {
    const pid = this.#place && pidOf(this.#place);
    if (pid === null) return;
    for (let look = 0; look < QUIET_LOOKS; look++) {
      const before = processorSeconds(pid);
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      if ((processorSeconds(pid) - before) * 1000 < QUIET_MS * QUIET_SHARE) return;
    }
  }

  /** Starts to read the node's log; null if the log is not on this machine. */
  listen(): { warnings(): string[] } | null {
    if (this.#place === null) return null;
    const path = logOf(this.#place);
    const start = readFileSync(path).length;
    return {
      warnings: () =>
        readFileSync(path).subarray(start).toString("utf8").split("\n")
          .filter((line) => /\b(WARN|ERROR) /.test(line) && !NOT_OURS.test(line)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.shutdown();
    if (this.#wasDown) await down(defaultOptions().base, false);
  }
}

async function ownPlace(options: ClusterOptions): Promise<{ node: NodePlace; wasDown: boolean }> {
  const missing = await whatIsMissing();
  if (missing !== null) throw new MissingTool("Cassandra", `cannot be started: ${missing}`);
  const wasDown = pidOf(places(options)[0]!) === null;
  const [node] = await up(options);
  return { node: node!, wasDown };
}
