import type { ClusterHealth, KeyspaceHealth } from "../../storage/health.ts";
import { clusterHealth } from "../../storage/open.ts";
import { failed, type Finding, ok, type Patient, warning } from "./finding.ts";

const OLDEST_VERSION = 5;
/** With fewer copies a node that is down stops loads. */
const ENOUGH_REPLICAS = 3;
const CLOCK_MS = 500;
/** Names that one line shows. */
const SHOWN = 5;
const CHECK = "cluster";

/** The cluster answers, bears the loss of a node, and nobody reads along. */
export async function checkCluster({ config }: Patient): Promise<Finding[]> {
  const health = await clusterHealth(config);
  return health === null ? [] : findingsOf(health);
}

/** What is to be said of a cluster. */
export function findingsOf(health: ClusterHealth): Finding[] {
  const findings = [nodes, replicas, logins, clocks, privacy].flatMap((look) => look(health));
  return findings.length > 0 ? findings : [ok(CHECK, summary(health))];
}

function summary({ datacenter, nodes, keyspaces, tls }: ClusterHealth): string {
  const copies = Math.min(...keyspaces.map((keyspace) => keyspace.replicas));
  const version = nodes[0]?.version ?? "";
  return `${nodes.length} nodes of ${datacenter} answer, Cassandra ${version}, ` +
    `${copies} copies of everything, TLS ${tls}`;
}

function nodes({ datacenter, nodes, keyspaces }: ClusterHealth): Finding[] {
  const up = nodes.filter(({ version }) => version !== null);
  const down = nodes.filter(({ version }) => version === null).map(({ address }) => address);
  const stopped = keyspaces.filter(({ replicas }) => up.length < quorum(replicas));
  const findings: Finding[] = [];
  if (stopped.length > 0) {
    const what = `${up.length} of ${nodes.length} nodes of ${datacenter} answer, too few for the ` +
      `copies of ${names(stopped)}`;
    findings.push(failed(CHECK, what, "Start the nodes that are down, or alter the keyspaces."));
  } else if (down.length > 0) {
    const what = `of ${nodes.length} nodes of ${datacenter} these do not answer: ${list(down)}`;
    findings.push(warning(CHECK, what, "Start them; one more may stop loads."));
  }
  const old = up.find(({ version }) => parseInt(version ?? "") < OLDEST_VERSION);
  if (old) {
    const what = `${old.address} is Cassandra ${old.version}: the ledger needs ${OLDEST_VERSION}.0`;
    findings.push(failed(CHECK, what, "Upgrade the cluster."));
  }
  return findings;
}

function replicas({ datacenter, keyspaces }: ClusterHealth): Finding[] {
  const ours = keyspaces.filter(({ holdsLogins }) => !holdsLogins);
  const none = ours.filter(({ replicas }) => replicas === 0);
  if (none.length > 0) {
    const what = `nothing of these is kept in ${datacenter}: ${names(none)}`;
    return [failed(CHECK, what, "ALTER KEYSPACE … WITH replication, then a full repair.")];
  }
  const few = ours.filter(({ replicas }) => replicas < ENOUGH_REPLICAS);
  if (few.length === 0) return [];
  return [warning(
    CHECK,
    `fewer than ${ENOUGH_REPLICAS} copies, so that a node that is down stops loads: ${names(few)}`,
    "Set storage.replication for new keyspaces; ALTER KEYSPACE the others, then a full repair.",
  )];
}

function logins({ nodes, keyspaces }: ClusterHealth): Finding[] {
  const found = keyspaces.find(({ holdsLogins }) => holdsLogins);
  const wanted = Math.min(ENOUGH_REPLICAS, nodes.length);
  if (!found || found.replicas >= wanted) return [];
  return [warning(
    CHECK,
    `${found.name} has ${found.replicas} of ${wanted} copies: a node that is down keeps people out`,
    `ALTER KEYSPACE ${found.name} WITH replication, then a full repair of it.`,
  )];
}

/** Of rows with one key that of the later moment stays, so clocks have to agree. */
function clocks({ nodes }: ClusterHealth): Finding[] {
  const wrong = nodes.filter(({ aheadMs }) => Math.abs(aheadMs) > CLOCK_MS);
  if (wrong.length === 0) return [];
  const shown = wrong.map(({ address, aheadMs }) => `${address} ${(aheadMs / 1000).toFixed(1)} s`);
  return [warning(
    CHECK,
    `clocks that differ from the one here: ${list(shown)}`,
    "Let chrony or systemd-timesyncd keep the clocks of all machines.",
  )];
}

function privacy({ isPrivate, tls }: ClusterHealth): Finding[] {
  if (tls === "unverified") {
    return [warning(
      CHECK,
      "the nodes' certificates are not checked: anyone on the network can pass for the cluster",
      "Take verify=false out of the storage URL and name the authority by ca=.",
    )];
  }
  if (isPrivate) return [];
  return [warning(
    CHECK,
    "no TLS: rows and passwords can be read on their way",
    "Switch client_encryption_options on in the nodes and name the authority by ca= in the URL.",
  )];
}

function quorum(replicas: number): number {
  return Math.floor(replicas / 2) + 1;
}

function names(keyspaces: readonly KeyspaceHealth[]): string {
  return list(keyspaces.map(({ name, replicas }) => `${name} (${replicas})`));
}

function list(all: readonly string[]): string {
  const more = all.length - SHOWN;
  return all.slice(0, SHOWN).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
