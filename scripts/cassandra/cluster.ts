import { Client, policies, types } from "cassandra-driver";
import { join } from "node:path";
import { type Certificates, certificates, certificatesIn } from "./certificates.ts";
import { logOf, peakMemoryMb, pidOf, startNode, stopNode } from "./node.ts";
import { CASSANDRA_VERSION, type CassandraVersion, jars } from "./release.ts";
import { shiftedClock } from "./shifted_clock.ts";
import { CQL_PORT, DATACENTER, MOST_NODES, type NodePlace } from "./settings.ts";

const ROOT = join(import.meta.dirname ?? ".", "..", "..");
const CACHE = join(ROOT, ".cache", "cassandra");
const UP_SECONDS = 180;

/** Cassandra's initial account. */
export const SUPERUSER = { user: "cassandra", password: "cassandra" };

export interface ClusterOptions {
  /** 1 to 3. */
  nodes: number;
  /** How many nodes start together; the others join them and take over rows. @default all */
  seeds?: number;
  /** The address of the first node; the others have the following ones. */
  base: string;
  /** Heap of each node. */
  heapMb: number;
  /** Starts faster but runs slower. @default false */
  quick?: boolean;
  /** Creates tables faster, but a killed node may lose them. @default false */
  forgetful?: boolean;
  /** @default {@link CASSANDRA_VERSION} */
  version?: CassandraVersion;
  /** How many ms the clock of a node is ahead, by its number. @default none */
  aheadMs?: Readonly<Record<number, number>>;
}

/** Options from `CASSANDRA_BASE` and `CASSANDRA_HEAP_MB`, or the defaults. */
export function defaultOptions(nodes = 1, heapMb = 512): ClusterOptions {
  return {
    nodes,
    base: Deno.env.get("CASSANDRA_BASE") ?? "127.0.0.1",
    heapMb: Number(Deno.env.get("CASSANDRA_HEAP_MB") ?? heapMb),
  };
}

/** The folder with the data of the nodes; it exists once they have been started. */
export function clusterFolder(base = defaultOptions().base): string {
  return join(CACHE, base);
}

/** The certificates for TLS to the nodes; they exist once the nodes have been started. */
export function certificatesOf(base: string): Certificates {
  return certificatesIn(join(CACHE, base, "tls"));
}

/** The nodes of a cluster of this size, running or not. */
export function places({ nodes, base }: Pick<ClusterOptions, "nodes" | "base">): NodePlace[] {
  const [, net, first] = /^(127\.\d+\.\d+\.)(\d+)$/.exec(base) ?? [];
  if (net === undefined || Number(first) + MOST_NODES > 255) {
    throw new Error(`Cannot use the address "${base}": it must be 127.x.y.z with z below 252`);
  }
  return Array.from({ length: nodes }, (_, i) => ({
    number: i + 1,
    address: `${net}${Number(first) + i}`,
    dir: join(CACHE, base, `node-${i + 1}`),
  }));
}

/**
 * Starts the nodes that do not run and waits until every node answers CQL. Running nodes are not
 * changed.
 */
export async function up(options: ClusterOptions): Promise<NodePlace[]> {
  const { version = CASSANDRA_VERSION } = options;
  const folder = await jars(CACHE, version);
  const all = places(options);
  const addresses = all.slice(0, options.seeds).map(({ address }) => address);
  using _lock = await onlyOne(options.base);
  const { base, heapMb, quick = false, forgetful = false, aheadMs = {} } = options;
  const names = places({ nodes: MOST_NODES, base }).map(({ address }) => address);
  const { keystore } = await certificates(join(CACHE, base, "tls"), names);
  for (const place of all) {
    if (pidOf(place) !== null) continue;
    const ahead = aheadMs[place.number];
    const clock = ahead ? { classes: await shiftedClock(folder, version), aheadMs: ahead } : null;
    const given = { version, heapMb, quick, forgetful };
    await startNode(place, { ...given, jars: folder, addresses, keystore, clock });
  }
  for (const place of all) await answering(place, all.length);
  return all;
}

/** Stops all nodes that were started here. @param wipe also removes their data */
export async function down(base: string, wipe: boolean): Promise<number> {
  using _lock = await onlyOne(base);
  const all = places({ nodes: MOST_NODES, base });
  const running = all.filter((place) => pidOf(place) !== null);
  await Promise.all(running.map((place) => stopNode(place, wipe ? "SIGKILL" : "SIGTERM")));
  if (wipe) {
    const dirs = [...all.map(({ dir }) => dir), join(CACHE, base, "tls")];
    for (const dir of dirs) await Deno.remove(dir, { recursive: true }).catch(() => undefined);
  }
  return running.length;
}

export interface NodeStatus {
  node: number;
  address: string;
  pid: number | null;
  answers: boolean;
  peakMemoryMb: number | null;
  log: string;
}

export async function status(base: string): Promise<NodeStatus[]> {
  const all = places({ nodes: MOST_NODES, base });
  return await Promise.all(all.map(async (place): Promise<NodeStatus> => {
    const pid = pidOf(place);
    return {
      node: place.number,
      address: place.address,
      pid,
      answers: pid !== null && await peersSeenBy(place).then(() => true, () => false),
      peakMemoryMb: pid === null ? null : peakMemoryMb(pid),
      log: logOf(place),
    };
  }));
}

/** Waits until a node accepts a login and sees the other nodes. */
export async function answering(place: NodePlace, nodes: number): Promise<void> {
  const end = performance.now() + UP_SECONDS * 1000;
  let last: unknown = "it does not run";
  while (performance.now() < end) {
    if (pidOf(place) === null) break;
    try {
      const peers = await peersSeenBy(place);
      if (peers >= nodes - 1) return;
      last = `it sees ${peers} of ${nodes - 1} other nodes`;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const log = await Deno.readTextFile(logOf(place)).catch(() => "");
  throw new Error(`The node ${place.address} does not answer: ${last}\n${log.slice(-3000)}`);
}

/** The number of other nodes that a node sees as up; throws while the node does not answer. */
async function peersSeenBy({ address }: NodePlace): Promise<number> {
  const client = new Client({
    contactPoints: [`${address}:${CQL_PORT}`],
    localDataCenter: DATACENTER,
    credentials: { username: SUPERUSER.user, password: SUPERUSER.password },
    policies: {
      loadBalancing: new policies.loadBalancing.AllowListPolicy(
        new policies.loadBalancing.DCAwareRoundRobinPolicy(DATACENTER),
        [`${address}:${CQL_PORT}`],
      ),
    },
    queryOptions: { consistency: types.consistencies.one },
    socketOptions: { connectTimeout: 2_000 },
  });
  try {
    const { rows } = await client.execute("SELECT status_with_port FROM system_views.gossip_info");
    return rows.filter((row) => String(row["status_with_port"]).includes("NORMAL")).length - 1;
  } finally {
    await client.shutdown();
  }
}

/** Serializes processes that start or stop the same cluster. */
async function onlyOne(base: string): Promise<Disposable> {
  await Deno.mkdir(join(CACHE, base), { recursive: true });
  const file = await Deno.open(join(CACHE, base, "lock"), { write: true, create: true });
  await file.lock(true);
  return file;
}
