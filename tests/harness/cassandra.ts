import type { Client } from "cassandra-driver";
import {
  type ClusterOptions,
  defaultOptions,
  places,
  SUPERUSER,
  up,
} from "../../scripts/cassandra/cluster.ts";
import { stopNode } from "../../scripts/cassandra/node.ts";
import { whatIsMissing } from "../../scripts/cassandra/release.ts";
import { CQL_PORT, DATACENTER } from "../../scripts/cassandra/settings.ts";
import { until } from "./until.ts";

/** A cluster that tests may use. */
export interface TestCluster {
  hosts: string[];
  datacenter: string;
  user: string;
  password: string;
  /** Whether tests can kill its nodes. */
  isOurs: boolean;
}

/** The cluster that all test files share. */
export const TEST_CLUSTER: ClusterOptions = { ...defaultOptions(3), quick: true, forgetful: true };
const WANTED = 'Cassandra tests need java and mvn, or CASSANDRA_CONTACT_POINTS="host,host"';

/** Returns why the tests of Cassandra cannot run here, or null. In CI they must run. */
export async function whyNoCassandra(): Promise<string | null> {
  if (Deno.env.get("CASSANDRA_CONTACT_POINTS")) return null;
  const missing = await whatIsMissing();
  if (missing === null) return null;
  if (Deno.env.get("CI") === "true") throw new Error(`${WANTED}: ${missing}`);
  console.log(`skipped: ${WANTED}: ${missing}`);
  return missing;
}

/** Whether tests can start, change and end nodes of their own. */
export async function hasOwnNodes(): Promise<boolean> {
  return await whyNoCassandra() === null &&
    Deno.env.get("CASSANDRA_CONTACT_POINTS") === undefined;
}

/** Starts nodes, or those of them that do not run. */
export async function ownCluster(options: ClusterOptions): Promise<TestCluster> {
  const started = await up(options);
  const hosts = started.map(({ address }) => `${address}:${CQL_PORT}`);
  const { user, password } = SUPERUSER;
  return { hosts, datacenter: DATACENTER, user, password, isOurs: true };
}

/**
 * Stops the only node of a cluster in good order, starts it again, and waits until the client can query
 * it.
 */
export async function restart(
  client: Client,
  options: ClusterOptions,
  whileStopped: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await stopNode(places(options)[0]!, "SIGTERM");
  await whileStopped();
  await up(options);
  await until("the node answers again", async () => {
    return await client.execute("SELECT now() FROM system.local").catch(() => null);
  });
}

/** Returns the cluster, started if necessary. It keeps running for the next test file. */
export async function testCluster(): Promise<TestCluster> {
  const given = Deno.env.get("CASSANDRA_CONTACT_POINTS");
  if (!given) return await ownCluster(TEST_CLUSTER);
  return {
    hosts: given.split(","),
    datacenter: Deno.env.get("CASSANDRA_DATACENTER") ?? DATACENTER,
    user: Deno.env.get("CASSANDRA_USER") ?? SUPERUSER.user,
    password: Deno.env.get("CASSANDRA_PASSWORD") ?? SUPERUSER.password,
    isOurs: false,
  };
}

/** The storage URL of a namespace in the cluster. */
export function storageUrl(
  { hosts, datacenter, user, password }: TestCluster,
  namespace: string,
): string {
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  return `cassandra://${login}@${hosts.join(",")}?datacenter=${datacenter}&namespace=${namespace}`;
}

/** A namespace that no other test uses. */
export function newNamespace(): string {
  return `x${crypto.getRandomValues(new Uint8Array(5)).toHex()}`;
}
