import { join } from "node:path";
import { KEYSTORE_PASSWORD } from "./certificates.ts";
import { type CassandraVersion, EARLIER_VERSION } from "./release.ts";

/** The port for clients. */
export const CQL_PORT = 9042;
export const DATACENTER = "datacenter1";

/** One node of a cluster on this machine. */
export interface NodePlace {
  /** Counts from 1. */
  number: number;
  address: string;
  /** The node's own folder. */
  dir: string;
}

// Fixed tokens divide the ring evenly, so nodes need not negotiate them.
const TOKENS = ["-9223372036854775808", "-3074457345618258603", "3074457345618258602"];
export const MOST_NODES = TOKENS.length;

export interface YamlOptions {
  /** Of the nodes that start together; another node joins them and takes over its rows. */
  addresses: readonly string[];
  /** Contains the certificate for TLS. */
  keystore: string;
  heapMb: number;
  version: CassandraVersion;
}

/**
 * The minimum configuration of a node; everything else is Cassandra's default. The same port accepts
 * clients with and without TLS.
 */
export function yaml(
  { number, address: own, dir }: NodePlace,
  { addresses, keystore, heapMb, version }: YamlOptions,
): string {
  return `cluster_name: mysimbdp
num_tokens: 1
initial_token: "${TOKENS[number - 1]}"
auto_bootstrap: ${!addresses.includes(own)}
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
listen_address: ${own}
rpc_address: ${own}
storage_port: 7000
native_transport_port: ${CQL_PORT}
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "${addresses.map((address) => `${address}:7000`).join(",")}"
authenticator: PasswordAuthenticator
authorizer: CassandraAuthorizer
role_manager: CassandraRoleManager
client_encryption_options:
  enabled: true
  optional: true
  keystore: ${keystore}
  keystore_password: ${KEYSTORE_PASSWORD}
data_file_directories: [${join(dir, "data")}]
commitlog_directory: ${join(dir, "commitlog")}
saved_caches_directory: ${join(dir, "saved_caches")}
hints_directory: ${join(dir, "hints")}
cdc_raw_directory: ${join(dir, "cdc_raw")}
commitlog_sync: periodic
commitlog_sync_period: 10000ms
disk_access_mode: mmap_index_only
auto_snapshot: false
materialized_views_enabled: true
${sizes(heapMb, version)}`;
}

function sizes(heapMb: number, version: CassandraVersion): string {
  if (heapMb >= ROOMY_HEAP_MB) return LATEST;
  return version === EARLIER_VERSION ? SMALL : SMALL + VALUE_LIMIT;
}

/** From this heap size on, all other sizes and guardrails are Cassandra's defaults. */
const ROOMY_HEAP_MB = 1024;
const SMALL = `items_per_collection_fail_threshold: 60000
commitlog_segment_size: 16MiB
commitlog_total_space: 128MiB
memtable_heap_space: 128MiB
memtable_offheap_space: 64MiB
file_cache_size: 32MiB
`;
/** Unknown before 5.0. */
const VALUE_LIMIT = "column_value_size_fail_threshold: 4MiB\n";

/** How rows are stored, from Cassandra's cassandra_latest.yaml for new clusters. */
const LATEST = `storage_compatibility_mode: NONE
memtable:
  configurations:
    trie:
      class_name: TrieMemtable
    default:
      inherits: trie
memtable_allocation_type: offheap_objects
commitlog_disk_access_mode: auto
trickle_fsync: true
key_cache_size: 0MiB
sstable:
  selected_format: bti
default_compaction:
  class_name: UnifiedCompactionStrategy
  parameters:
    scaling_parameters: T4
    max_sstables_to_compact: 64
    target_sstable_size: 1GiB
    sstable_growth: 0.3333333333333333
    min_sstable_size: 100MiB
`;

/** Logs to the console, which is redirected to the node's log file. */
export const LOGBACK = `<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%date %-5level [%thread] %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="OUT"/></root>
</configuration>
`;

// From Cassandra's jvm17-server.options.
const EXPORTS = [
  "java.base/jdk.internal.misc",
  "java.base/jdk.internal.ref",
  "java.base/sun.nio.ch",
  "java.management.rmi/com.sun.jmx.remote.internal.rmi",
  "java.rmi/sun.rmi.registry",
  "java.rmi/sun.rmi.server",
  "java.rmi/sun.rmi.transport.tcp",
  "java.sql/java.sql",
  "jdk.unsupported/sun.misc",
  "jdk.attach/sun.tools.attach",
];
const OPENS = [
  "java.base/java.io",
  "java.base/java.lang",
  "java.base/java.lang.module",
  "java.base/java.lang.reflect",
  "java.base/java.net",
  "java.base/java.nio",
  "java.base/java.nio.charset",
  "java.base/java.util",
  "java.base/java.util.concurrent",
  "java.base/java.util.concurrent.atomic",
  "java.base/jdk.internal.loader",
  "java.base/jdk.internal.math",
  "java.base/jdk.internal.module",
  "java.base/jdk.internal.ref",
  "java.base/jdk.internal.reflect",
  "java.base/jdk.internal.util.jar",
  "java.base/sun.nio.ch",
  "java.rmi/sun.rmi.transport.tcp",
  "jdk.management/com.sun.management.internal",
];

/** Options of a node's JVM. */
export interface JavaOptions {
  jars: string;
  version: CassandraVersion;
  heapMb: number;
  /** Replicas of `system_auth`: with fewer than nodes, a login depends on one of them. */
  replicas: number;
  /** Starts faster and runs slower: for tests, not for measurements. */
  quick: boolean;
  /** Whether it joins nodes that run already. */
  joins: boolean;
  /** Whether a killed node may lose tables that were just created. */
  forgetful: boolean;
  /** A clock that is off; null for that of the machine. */
  clock: ShiftedClock | null;
}

/** A node's clock for tests. */
export interface ShiftedClock {
  /** The folder with the class. */
  classes: string;
  aheadMs: number;
}

/** Measures objects, which 4.1 cannot do without it on Java 17. */
const AGENT = "jamm-0.3.2.jar";

const QUICK = [
  // The optimizing compiler costs more processor time than it saves in a few minutes of tests.
  "-XX:TieredStopAtLevel=1",
  "-XX:+UnlockDiagnosticVMOptions",
  "-XX:-BytecodeVerificationRemote",
];

/** The options of the collector from Cassandra's Java 17 options that matter in a large heap. */
const COLLECTOR = [
  "-XX:+UnlockExperimentalVMOptions",
  "-XX:G1NewSizePercent=50",
  "-XX:G1HeapRegionSize=16m",
  "-XX:MaxTenuringThreshold=2",
  "-XX:MaxGCPauseMillis=300",
  "-XX:InitiatingHeapOccupancyPercent=70",
  "-XX:+ParallelRefProcEnabled",
  "-XX:+AlwaysPreTouch",
  "-XX:+PerfDisableSharedMem",
];

/** The arguments of `java`. */
export function javaArguments(
  { dir }: NodePlace,
  { jars, version, heapMb, replicas, joins, quick, forgetful, clock }: JavaOptions,
): string[] {
  return [
    ...(quick ? QUICK : []),
    ...(version === EARLIER_VERSION ? [`-javaagent:${join(jars, AGENT)}`] : []),
    ...(heapMb < ROOMY_HEAP_MB ? [] : COLLECTOR),
    `-Xms${heapMb}m`,
    `-Xmx${heapMb}m`,
    "-Xss256k",
    `-XX:MaxDirectMemorySize=${Math.max(256, heapMb / 2)}m`,
    "-XX:MaxMetaspaceSize=192m",
    "-XX:+UseG1GC",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djdk.attach.allowAttachSelf=true",
    "-Djava.net.preferIPv4Stack=true",
    ...EXPORTS.flatMap((name) => ["--add-exports", `${name}=ALL-UNNAMED`]),
    ...OPENS.flatMap((name) => ["--add-opens", `${name}=ALL-UNNAMED`]),
    `-Dcassandra.config=file://${join(dir, "cassandra.yaml")}`,
    `-Dcassandra.storagedir=${dir}`,
    "-Dcassandra-foreground=yes",
    "-Dcassandra.superuser_setup_delay_ms=500",
    "-Dcassandra.skip_wait_for_gossip_to_settle=0",
    // A node that joins asks the others within this time. On a busy machine a process stands still for
    // seconds, and rows that were written before the others know of the new node would be missing there.
    `-Dcassandra.ring_delay_ms=${joins ? 15_000 : 100}`,
    // Each connection logs in; hashing a test password need not take a tenth of a second.
    "-Dcassandra.auth_bcrypt_gensalt_log2_rounds=4",
    `-Dcassandra.system_auth.default_rf=${replicas}`,
    // Otherwise each schema change waits half a second for the disks of all nodes.
    `-Dcassandra.test.flush_local_schema_changes=${!forgetful}`,
    `-Dlogback.configurationFile=${join(dir, "logback.xml")}`,
    ...clock === null
      ? []
      : ["-Dcassandra.clock=ShiftedClock", `-Dmysimbdp.clock.ahead.ms=${clock.aheadMs}`],
    "-cp",
    [`${jars}/*`, ...clock ? [clock.classes] : []].join(":"),
    "org.apache.cassandra.service.CassandraDaemon",
  ];
}
