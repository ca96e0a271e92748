import {
  type ClusterOptions,
  defaultOptions,
  SUPERUSER,
  up,
} from "../../scripts/cassandra/cluster.ts";
import { whatIsMissing } from "../../scripts/cassandra/release.ts";
import { CQL_PORT, DATACENTER } from "../../scripts/cassandra/settings.ts";

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

/** Returns the cluster, started if necessary. It keeps running for the next test file. */
export async function testCluster(): Promise<TestCluster> {
  const given = Deno.env.get("CASSANDRA_CONTACT_POINTS");
  const login = {
    user: Deno.env.get("CASSANDRA_USER") ?? SUPERUSER.user,
    password: Deno.env.get("CASSANDRA_PASSWORD") ?? SUPERUSER.password,
  };
  if (given) {
    const datacenter = Deno.env.get("CASSANDRA_DATACENTER") ?? DATACENTER;
    return { hosts: given.split(","), datacenter, ...login, isOurs: false };
  }
  const places = await up(TEST_CLUSTER);
  const hosts = places.map(({ address }) => `${address}:${CQL_PORT}`);
  return { hosts, datacenter: DATACENTER, ...login, isOurs: true };
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
