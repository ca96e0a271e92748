import type { Client } from "cassandra-driver";
import { isLoopback } from "../../base/loopback.ts";
import type { ClusterHealth, KeyspaceHealth, LoginCopies, NodeHealth } from "../health.ts";
import { guarded } from "./errors.ts";
import { isTenantKeyspace, ledgerKeyspace } from "./names.ts";
import type { Session } from "./session.ts";
import type { CassandraSettings } from "./settings.ts";

/** The keyspace of roles and permissions, without which nobody can log in. */
const LOGINS = "system_auth";

/** Queries each node of the datacenter, and the replication of the keyspaces. */
export function healthOf(
  session: Session,
  { connection, namespace }: CassandraSettings,
): Promise<ClusterHealth> {
  const { datacenter, tls, contactPoints } = connection;
  return guarded("Cannot check the cluster", async () => {
    const client = await session.client();
    const all = client.hosts.values();
    const hosts = all.filter((host) => host.datacenter === datacenter);
    const stored = await replications(session);
    return {
      datacenter,
      nodes: await Promise.all(hosts.map((host) => nodeHealth(client, host))),
      keyspaces: keyspaces(stored, datacenter, namespace),
      logins: loginCopies(stored.get(LOGINS) ?? {}, all),
      isPrivate: tls !== null || contactPoints.every(isLoopback),
      tls: tls === null ? "none" : tls.verify ? "verified" : "unverified",
    };
  });
}

type Host = ReturnType<Client["hosts"]["values"]>[number];

/** A node that does not answer is reported, so that the answers of the others are not lost. */
async function nodeHealth(client: Client, host: Host): Promise<NodeHealth> {
  const address = host.address;
  const before = Date.now();
  try {
    const { rows: [row] } = await client.execute(
      "SELECT release_version, toTimestamp(now()) AS now FROM system.local",
      [],
      { host, isIdempotent: true },
    );
    const after = Date.now();
    const time = (row?.["now"] as Date).getTime();
    // The node read its clock between `before` and `after`; only a time outside is a difference.
    const ahead = time > after ? time - after : time < before ? time - before : 0;
    return { address, version: String(row?.["release_version"]), aheadMs: ahead };
  } catch {
    return { address, version: null, aheadMs: 0 };
  }
}

/** The replication of a keyspace: its class, and replicas by datacenter. */
type Replication = Record<string, string>;

async function replications(session: Session): Promise<Map<string, Replication>> {
  const found = new Map<string, Replication>();
  const query = "SELECT keyspace_name, replication FROM system_schema.keyspaces";
  for await (const row of session.rows(query)) {
    found.set(row["keyspace_name"] as string, row["replication"] as Replication);
  }
  return found;
}

function keyspaces(
  stored: Map<string, Replication>,
  datacenter: string,
  namespace: string,
): KeyspaceHealth[] {
  const found: KeyspaceHealth[] = [];
  for (const [name, replication] of stored) {
    const isOurs = name === ledgerKeyspace(namespace) || isTenantKeyspace(namespace, name);
    if (!isOurs && name !== LOGINS) continue;
    const replicas = replication[isSimple(replication) ? "replication_factor" : datacenter];
    found.push({ name, replicas: Number(replicas ?? 0), holdsLogins: name === LOGINS });
  }
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}

function loginCopies(replication: Replication, hosts: readonly Host[]): LoginCopies[] {
  const nodes = Map.groupBy(hosts, ({ datacenter }) => datacenter);
  return [...nodes].map(([datacenter, { length }]) => ({
    datacenter,
    nodes: length,
    replicas: isSimple(replication)
      ? nodes.size === 1 ? Number(replication["replication_factor"]) : null
      : Number(replication[datacenter] ?? 0),
  })).sort((a, b) => a.datacenter < b.datacenter ? -1 : 1);
}

function isSimple(replication: Replication): boolean {
  return replication["class"]?.endsWith("SimpleStrategy") ?? false;
}
