import {
  type ClusterHealth,
  type KeyspaceHealth,
  type LoginCopies,
  OLDEST_RELEASE,
} from "../../storage/health.ts";
import { clusterHealth } from "../../storage/open.ts";
import { type CheckContext, failed, type Finding, list, ok, warning } from "./finding.ts";

/** With fewer copies, one node that is down stops all loads. */
const ENOUGH_REPLICAS = 3;
const CLOCK_MS = 500;
const CHECK = "cluster";

/** The cluster answers, survives the loss of a node, and uses TLS. */
export async function checkCluster({ config }: CheckContext): Promise<Finding[]> {
  const health = await clusterHealth(config);
  return health === null ? [] : findingsOf(health);
}

/** The findings for a cluster; a single one when it has no problem. */
export function findingsOf(health: ClusterHealth): Finding[] {
  const findings = [nodes, replicas, logins, clocks, privacy].flatMap((check) => check(health));
  return findings.length > 0 ? findings : [ok(CHECK, summary(health))];
}

function summary({ datacenter, nodes, keyspaces, tls }: ClusterHealth): string {
  const copies = Math.min(...keyspaces.map((keyspace) => keyspace.replicas));
  const version = nodes[0]?.version ?? "";
  return `${nodes.length} nodes in ${datacenter} answer, Cassandra ${version}, ` +
    `${copies} copies of all data, TLS ${tls}`;
}

function nodes({ datacenter, nodes, keyspaces }: ClusterHealth): Finding[] {
  const up = nodes.filter(({ version }) => version !== null);
  const down = nodes.filter(({ version }) => version === null).map(({ address }) => address);
  const stopped = keyspaces.filter(({ replicas }) => up.length < quorum(replicas));
  const findings: Finding[] = [];
  if (stopped.length > 0) {
    const what = `${up.length} of ${nodes.length} nodes in ${datacenter} answer, too few for the ` +
      `copies of ${names(stopped)}`;
    findings.push(failed(CHECK, what, "Start the nodes that are down, or alter the keyspaces."));
  } else if (down.length > 0) {
    const what = `${down.length} of ${nodes.length} nodes in ${datacenter} do not answer: ${
      list(down)
    }`;
    findings.push(warning(CHECK, what, "Start them. If one more stops, loads may stop too."));
  }
  const old = up.find(({ version }) => parseInt(version ?? "") < OLDEST_RELEASE);
  if (old) {
    const what =
      `${old.address} runs Cassandra ${old.version}, but the ledger needs ${OLDEST_RELEASE}.0`;
    findings.push(failed(CHECK, what, "Upgrade the cluster."));
  }
  return findings;
}

function replicas({ datacenter, keyspaces }: ClusterHealth): Finding[] {
  const ours = keyspaces.filter(({ holdsLogins }) => !holdsLogins);
  const none = ours.filter(({ replicas }) => replicas === 0);
  if (none.length > 0) {
    const what = `these keyspaces have no copy in ${datacenter}: ${names(none)}`;
    return [
      failed(CHECK, what, "Set their replication with ALTER KEYSPACE, then run a full repair."),
    ];
  }
  const few = ours.filter(({ replicas }) => replicas < ENOUGH_REPLICAS);
  if (few.length === 0) return [];
  return [warning(
    CHECK,
    `with fewer than ${ENOUGH_REPLICAS} copies, one node that is down stops loads: ${names(few)}`,
    "Set storage.replication for new keyspaces. Use ALTER KEYSPACE for these, then run a full repair.",
  )];
}

/** A login reads its role in the datacenter that it connects to, at LOCAL_QUORUM. */
function logins({ logins }: ClusterHealth): Finding[] {
  const wanted = ({ nodes }: LoginCopies) => Math.min(ENOUGH_REPLICAS, nodes);
  const few = logins.filter((each) => each.replicas === null || each.replicas < wanted(each));
  if (few.length === 0) return [];
  const found = few.map((each) =>
    `${each.replicas ?? "an unknown number"} of ${wanted(each)} copies in ${each.datacenter}`
  );
  const replicas = logins.map((each) =>
    `, '${each.datacenter}': ${Math.max(each.replicas ?? 0, wanted(each))}`
  ).join("");
  const class_ = "'class': 'NetworkTopologyStrategy'";
  return [warning(
    CHECK,
    `system_auth has ${list(found)}: one node that is down blocks logins`,
    `As a superuser, run ALTER KEYSPACE system_auth WITH replication = {${class_}${replicas}}; ` +
      "then nodetool repair --full system_auth on each node.",
  )];
}

/** Of two rows with the same key the later one is kept, so clocks must agree. */
function clocks({ nodes }: ClusterHealth): Finding[] {
  const wrong = nodes.filter(({ aheadMs }) => Math.abs(aheadMs) > CLOCK_MS);
  if (wrong.length === 0) return [];
  const shown = wrong.map(({ address, aheadMs }) => `${address} ${(aheadMs / 1000).toFixed(1)} s`);
  return [warning(
    CHECK,
    `these clocks differ from the clock of this machine: ${list(shown)}`,
    "Synchronize the clocks of all machines with chrony or systemd-timesyncd.",
  )];
}

function privacy({ isPrivate, tls }: ClusterHealth): Finding[] {
  if (tls === "unverified") {
    return [warning(
      CHECK,
      "the nodes' certificates are not checked: anyone on the network can impersonate the cluster",
      "Remove verify=false from the storage URL and add the certificate authority with ca=.",
    )];
  }
  if (isPrivate) return [];
  return [warning(
    CHECK,
    "no TLS: rows and passwords can be read on the network",
    "Enable client_encryption_options on the nodes and add ca= to the storage URL.",
  )];
}

function quorum(replicas: number): number {
  return Math.floor(replicas / 2) + 1;
}

function names(keyspaces: readonly KeyspaceHealth[]): string {
  return list(keyspaces.map(({ name, replicas }) => `${name} (${replicas})`));
}
