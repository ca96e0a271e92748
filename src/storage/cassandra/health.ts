import type { Client } from "cassandra-driver";
import { isLoopback } from "../../base/loopback.ts";
import type { ClusterHealth, KeyspaceHealth, NodeHealth } from "../health.ts";
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
    const hosts = client.hosts.values().filter((host) => host.datacenter === datacenter);
    return {
      datacenter,
      nodes: await Promise.all(hosts.map((host) => nodeHealth(client, host))),
      keyspaces: await keyspaces(session, datacenter, namespace),
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

async function keyspaces(
  session: Session,
  datacenter: string,
  namespace: string,
): Promise<KeyspaceHealth[]> {
  const found: KeyspaceHealth[] = [];
  const query = "SELECT keyspace_name, replication FROM system_schema.keyspaces";
  for await (const row of session.rows(query)) {
    const name = row["keyspace_name"] as string;
    const isOurs = name === ledgerKeyspace(namespace) || isTenantKeyspace(namespace, name);
    if (!isOurs && name !== LOGINS) continue;
    const replication = row["replication"] as Record<string, string>;
    const isSimple = replication["class"]?.endsWith("SimpleStrategy");
    const replicas = replication[isSimple ? "replication_factor" : datacenter];
    found.push({ name, replicas: Number(replicas ?? 0), holdsLogins: name === LOGINS });
  }
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}
