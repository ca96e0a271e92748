import { z } from "zod";
import { RESERVE_BYTES } from "../base/disk.ts";
import { parseHost } from "../base/host.ts";
import { parseAddressRange } from "../base/ip_address.ts";
import { MAX_COLUMNS } from "../base/max_columns.ts";
import { constraintsSchema, DEFAULT_CONSTRAINTS } from "../protocol/constraints.ts";
import { isPrefix } from "../protocol/paths.ts";
import { parseListen } from "./listen.ts";
import { machineMemory } from "./machine_memory.ts";

// Longer waits would overflow timers (2^31 ms) or hide that something is stuck.
const MAX_SECONDS = 86_400;
const MAX_WAIT_SECONDS = 14 * 86_400;
/** In MiB. */
const halfOfMemory = () => Math.max(64, Math.floor(machineMemory() / 2 / 1024 ** 2));
const seconds = () => z.number().positive().max(MAX_SECONDS);

const days = () => z.number().nonnegative().max(36_500).default(0);

const storageUrl = z.string().regex(
  /^(sqlite:|cassandra:\/\/[^/?#\s]+)/,
  'expected "sqlite:" or "cassandra://user:password@host:9042?datacenter=dc1"',
);
const listen = z.string().refine((text) => parseListen(text) !== null, {
  error: 'expected HOST:PORT, for example "127.0.0.1:8080" or "[::1]:8080"',
});
const publicUrl = z.string().refine(isPublicUrl, {
  error:
    'expected a URL such as "https://intake.example.com/intake/", without user, query and fragment, ' +
    "whose path does not begin like one of the server's own paths",
});

const host = z.string().refine((text) => parseHost(text) !== null, {
  error: 'expected hosts, for example "intake.example.com", "10.0.0.5:8080" or "[::1]"',
});
const corsOrigin = z.string().refine(
  (text) => text === "*" || (/^https?:[^*]+$/.test(text) && URL.parse(text)?.origin === text),
  { error: 'expected origins without a path, for example "https://app.example.com", or "*"' },
);
const proxy = z.string().refine((text) => parseAddressRange(text) !== null, {
  error: 'expected IP addresses or ranges of them, for example "127.0.0.1" or "10.0.0.0/8"',
});

/** A relative path is relative to the working directory. */
const data = z.string().min(1).default("./mysimbdp-data").describe("The data directory.");

/** The address of `serve`. */
const server = z.strictObject({
  listen: listen.default("127.0.0.1:8080").describe("Address that serve listens on (HOST:PORT)."),
  tls_cert: z.string().default("").describe(
    "PEM file of the certificate chain; with tls_key it enables HTTPS.",
  ),
  tls_key: z.string().default("").describe("PEM file of the private key."),
  trusted_proxies: z.array(proxy).default([]).describe(
    "Addresses of proxies, or ranges of them (CIDR), whose X-Forwarded-For, -Proto and -Host, or Forwarded, serve believes.",
  ),
  public_url: publicUrl.default("").describe(
    "URL under which people reach serve through a proxy; its path is removed from requests and added to links.",
  ),
  hosts: z.array(host).default([]).describe(
    "Hosts that serve answers for, with or without a port; [] answers for all. /livez and /readyz always answer.",
  ),
  cors_origins: z.array(corsOrigin).default([]).describe(
    'Origins whose web pages can use /v1 with a password or a token (CORS); "*" allows all.',
  ),
  url: z.url({ protocol: /^https?$/, error: "expected a URL that starts with http:// or https://" })
    .default("http://127.0.0.1:8080").describe("URL of the server, for fetch."),
});

/** Sending files. */
const fetch = z.strictObject({
  rest_seconds: z.number().nonnegative().max(MAX_SECONDS).default(30).describe(
    "Seconds for which a file must not change before fetch --watch sends it.",
  ),
  wait_seconds: z.number().nonnegative().max(MAX_WAIT_SECONDS).default(86_400).describe(
    "Maximum seconds that fetch --wait waits for a file to be loaded; 0 waits without a limit.",
  ),
});

/** Unfinished uploads. */
const uploads = z.strictObject({
  expire_hours: z.number().positive().max(8760).default(24).describe(
    "Hours after which an unfinished upload expires.",
  ),
  stall_seconds: seconds().default(60).describe(
    "Seconds without data after which an upload is interrupted; it can be resumed.",
  ),
  min_bytes_per_second: z.number().nonnegative().max(1_048_576).default(1024).describe(
    "Slower uploads are interrupted, on average over stall_seconds; they can be resumed.",
  ),
  max_unfinished: z.int().min(1).max(1_000_000).default(10_000).describe(
    "Maximum number of unfinished uploads of a tenant in all its batches; never more than twice its number_files, or 20.",
  ),
});

/** The disks of the data directory. */
const disk = z.strictObject({
  reserve_mb: z.int().min(1).max(1_048_576).default(RESERVE_BYTES / 1024 ** 2).describe(
    "Disk space that stays free, in MiB: with less, files are refused and loads wait.",
  ),
});

/** The constraints of tenants without a constraints file. */
const constraints = z.strictObject({
  formats: constraintsSchema.shape.formats.default(DEFAULT_CONSTRAINTS.formats).describe(
    "Allowed file extensions; upper and lower case are equal.",
  ),
  number_files: constraintsSchema.shape.number_files.default(DEFAULT_CONSTRAINTS.number_files)
    .describe("Maximum number of files per batch (one run of fetch)."),
  data_sizes: constraintsSchema.shape.data_sizes.default(DEFAULT_CONSTRAINTS.data_sizes).describe(
    "Maximum size of a file, in KB of 1,024 bytes.",
  ),
});

/** Loading of files. */
const manage = z.strictObject({
  concurrency: z.int().min(1).max(1024).default(navigator.hardwareConcurrency).describe(
    "Maximum number of files to load at once; those that take long do not count. Default: the number of cores.",
  ),
  memory_mb: z.int().min(64).max(16_777_216).default(halfOfMemory).describe(
    "Memory for all files that are loaded at once, in MiB; each counts with its limit. Default: half of the memory of the machine, or of the service's limit.",
  ),
  scan_seconds: seconds().default(5).describe(
    "Seconds between scans of staging; most new files are found sooner.",
  ),
  reconcile_seconds: seconds().default(60).describe(
    "Seconds between comparisons of the records with the files on the disk.",
  ),
  drain_seconds: seconds().default(60).describe(
    "Seconds that running files have to finish when manage stops.",
  ),
  max_attempts: z.int().min(1).max(100).default(3).describe(
    "Maximum number of attempts per file; then it is quarantined.",
  ),
  retry_seconds: seconds().default(300).describe(
    "Maximum seconds between two attempts; the wait starts at one second and doubles.",
  ),
  max_rejects_kept: z.int().nonnegative().default(100_000).describe(
    "Maximum number of rejected records per file; a file with more is quarantined.",
  ),
  max_rejects_mb: z.int().min(1).max(65_536).default(256).describe(
    "Maximum size of the rejected records per file, in MiB; a file with more is quarantined.",
  ),
  max_rejects_per_tenant: z.int().min(1).default(1_000_000).describe(
    "Maximum number of rejected records to keep per tenant; those of the oldest files are removed.",
  ),
  archive_days: z.number().nonnegative().max(36_500).default(30).describe(
    "Days to keep loaded files for replay; 0 keeps them forever.",
  ),
  quarantine_days: days().describe("Days to keep failed files; 0 keeps them forever."),
  rejects_days: days().describe("Days to keep rejected records; 0 keeps them forever."),
  ledger_days: days().describe("Days to keep finished files in the ledger; 0 keeps them forever."),
});

/** The database. */
const storage = z.strictObject({
  url: storageUrl.default("sqlite:").describe(
    '"sqlite:" (files in DATA/db) or "cassandra://user:password@h1,h2:9042?datacenter=dc1".',
  ),
  replication: z.string().regex(
    /^$|^\s*[\w.-]+:[1-9]\d?\s*(,\s*[\w.-]+:[1-9]\d?\s*)*$/,
    'expected replicas by datacenter, for example "dc1:3,dc2:3"',
  ).default("").describe(
    'Replicas per datacenter of new Cassandra keyspaces, such as "dc1:3"; "" means 3 (or all nodes) in the datacenter of the URL.',
  ),
  lease_seconds: z.number().min(1).max(3600).default(30).describe(
    "Seconds after which another manage on the cluster takes over the file of one that stopped responding.",
  ),
});

/** Upper limits for all modules; a tenant.json can only set lower ones. */
const sandbox = z.strictObject({
  memory_mb: z.int().min(64).max(65_536).default(512).describe(
    "Maximum memory of a sandbox process, in MiB.",
  ),
  seconds_per_file: seconds().default(3600).describe(
    "Maximum seconds per file, also for large ones.",
  ),
  reject_share: z.number().min(0).max(1).default(1).describe(
    "Maximum share of rejected records (0 to 1); a file with more is quarantined.",
  ),
  max_record_chars: z.int().min(1024).max(1_073_741_824).default(1_048_576).describe(
    "Maximum characters per record; a longer one is rejected.",
  ),
  max_unpacked_mb: z.int().min(1).max(16_777_216).default(10_240).describe(
    "Maximum size of a decompressed file, in MiB.",
  ),
  max_whole_file_mb: z.int().min(1).max(1_024).default(64).describe(
    "Maximum size of a file that is read into memory as a whole (Excel, Parquet, zip), in MiB.",
  ),
  max_output_ratio: z.number().positive().default(100).describe(
    "Maximum bytes of rows per byte of a file.",
  ),
  require_os_sandbox: z.boolean().default(false).describe(
    "Whether modules run only in an OS sandbox: bubblewrap, or Landlock with seccomp.",
  ),
});

/** Modules. */
const modules = z.strictObject({
  approval: z.enum(["operator", "auto"]).default("operator").describe(
    'Who approves a valid module: "operator", or "auto" for immediate approval.',
  ),
  probation_files: z.int().min(0).max(1000).default(3).describe(
    "Files of a new version that must all fail for it to be rolled back; 0 disables this.",
  ),
  max_tables: z.int().min(1).max(10_000).default(100).describe(
    "Maximum number of tables per tenant, with those of earlier versions.",
  ),
  max_columns: z.int().min(1).max(MAX_COLUMNS).default(MAX_COLUMNS).describe(
    "Maximum number of columns per table, with those of earlier versions.",
  ),
  net_hosts: z.array(z.string().min(1)).default([]).describe(
    'Hosts that modules can connect to if their tenant.json also lists them; "*" allows all.',
  ),
  net_private_hosts: z.array(z.string().min(1)).default([]).describe(
    "Of these, hosts that can have private addresses; all others must have public ones.",
  ),
  net_seconds: z.number().positive().max(300).default(10).describe(
    "Maximum seconds per request of a module.",
  ),
  net_max_kb: z.int().min(1).max(65_536).default(1_024).describe(
    "Maximum size of a response to a module, in KB of 1,024 bytes.",
  ),
  net_requests: z.int().nonnegative().default(1_000).describe(
    "Maximum number of requests of a module per file.",
  ),
});

/** Structured logs. */
const log = z.strictObject({
  level: z.enum(["debug", "info", "warning", "error"]).default("info").describe(
    "Minimum level of the log records to write: debug, info, warning or error.",
  ),
});

/** The tables of the configuration file. The descriptions are also the documentation. */
const SECTIONS = {
  server,
  fetch,
  uploads,
  disk,
  constraints,
  manage,
  storage,
  sandbox,
  modules,
  log,
};

/** All settings. Each has a default, so that an empty file is valid. */
export const configSchema = z.strictObject({
  data,
  server: server.prefault({}),
  fetch: fetch.prefault({}),
  uploads: uploads.prefault({}),
  disk: disk.prefault({}),
  constraints: constraints.prefault({}),
  manage: manage.prefault({}),
  storage: storage.prefault({}),
  sandbox: sandbox.prefault({}),
  modules: modules.prefault({}),
  log: log.prefault({}),
}).refine(({ server }) => (server.tls_cert === "") === (server.tls_key === ""), {
  path: ["server", "tls_cert"],
  error: "it requires server.tls_key, and the other way round",
});

/** The settings of a command. Paths are absolute; `""` means not set. */
export type Config = z.infer<typeof configSchema>;

function isPublicUrl(text: string): boolean {
  if (text === "") return true;
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, pathname, search, hash } = new URL(text);
  const path = pathname.replace(/\/$/, "");
  return /^https?:$/.test(protocol) && [username, password, search, hash].join("") === "" &&
    (path === "" || isPrefix(path));
}

type SectionName = keyof typeof SECTIONS;
/** The name of a setting: its table and key, for example `server.listen`. */
export type SettingName =
  | "data"
  | {
    [S in SectionName]: `${S}.${keyof (typeof SECTIONS)[S]["shape"] & string}`;
  }[SectionName];

/** Describes a setting. */
export interface Setting {
  name: SettingName;
  /** The keys that lead to it in the configuration. */
  path: string[];
  description: string;
  default: string | number | boolean | string[];
  /** The environment variable that sets it. */
  variable: string;
}

/** All settings, in the order of the configuration file. */
export const SETTINGS: readonly Setting[] = [
  toSetting(["data"], data),
  ...Object.entries(SECTIONS).flatMap(([section, { shape }]) =>
    Object.entries(shape).map(([key, schema]) => toSetting([section, key], schema))
  ),
];

function toSetting(path: string[], schema: z.ZodType): Setting {
  const name = path.join(".") as SettingName;
  const value = schema.parse(undefined) as Setting["default"];
  const variable = `MYSIMBDP_${path.join("_").toUpperCase()}`;
  return { name, path, description: schema.description ?? "", default: value, variable };
}
