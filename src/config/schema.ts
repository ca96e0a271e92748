import { z } from "zod";
import { constraintsSchema, DEFAULT_CONSTRAINTS } from "../protocol/constraints.ts";
import { parseListen } from "./listen.ts";

// Longer waits would overflow the timers (2^31 ms) or hide that something is stuck.
const MAX_SECONDS = 86_400;
const seconds = () => z.number().positive().max(MAX_SECONDS);

const days = () => z.number().nonnegative().max(36_500).default(0);

const storageUrl = z.string().regex(
  /^(sqlite:|cassandra:\/\/[^/?#\s]+)/,
  'expected "sqlite:" or "cassandra://user:password@host:9042?datacenter=dc1"',
);
const listen = z.string().refine((text) => parseListen(text) !== null, {
  error: 'expected HOST:PORT, for example "127.0.0.1:8080" or "[::1]:8080"',
});

/** The folder that holds everything; a relative one is relative to the working directory. */
const data = z.string().min(1).default("./mysimbdp-data").describe(
  "The data directory.",
);

/** `serve`'s network side, and where `fetch` finds it. */
const server = z.strictObject({
  listen: listen.default("127.0.0.1:8080").describe("HOST:PORT on which serve listens."),
  tls_cert: z.string().default("").describe(
    "PEM file of the certificate chain; with it and tls_key serve speaks HTTPS.",
  ),
  tls_key: z.string().default("").describe("PEM file of the certificate's private key."),
  url: z.url({ protocol: /^https?$/, error: "expected a URL that starts with http:// or https://" })
    .default("http://127.0.0.1:8080").describe("Where fetch finds the server."),
});

/** Unfinished uploads. */
const uploads = z.strictObject({
  expire_hours: z.number().positive().max(8760).default(24).describe(
    "Hours after which an unfinished upload is dropped.",
  ),
  stall_seconds: seconds().default(60).describe(
    "Seconds without a byte after which a connection is closed; its upload can be resumed.",
  ),
});

/** What a tenant without a constraints file of its own may send. */
const constraints = z.strictObject({
  formats: constraintsSchema.shape.formats.default(DEFAULT_CONSTRAINTS.formats).describe(
    "Allowed extensions, compared without case.",
  ),
  number_files: constraintsSchema.shape.number_files.default(DEFAULT_CONSTRAINTS.number_files)
    .describe(
      "The most files in one upload.",
    ),
  data_sizes: constraintsSchema.shape.data_sizes.default(DEFAULT_CONSTRAINTS.data_sizes).describe(
    "The largest file, in KB of 1,024 bytes.",
  ),
});

/** Ingestion. */
const manage = z.strictObject({
  concurrency: z.int().min(1).max(1024).default(navigator.hardwareConcurrency).describe(
    "Files that are ingested at once. Default: the number of cores.",
  ),
  scan_seconds: seconds().default(5).describe(
    "Seconds between scans of staging; new files are mostly noticed sooner.",
  ),
  drain_seconds: seconds().default(60).describe(
    "Seconds that running ingestions get to finish at a stop.",
  ),
  max_attempts: z.int().min(1).max(100).default(3).describe(
    "Attempts before a file goes to quarantine.",
  ),
  retry_seconds: seconds().default(300).describe(
    "Seconds that a file waits for its next attempt at most; the waits double from one second on.",
  ),
  max_rejects_kept: z.int().nonnegative().default(100_000).describe(
    "Rejected records that are kept for each file; with one more it goes to quarantine.",
  ),
  archive_days: z.number().nonnegative().max(36_500).default(30).describe(
    "Days for which ingested files are kept for replay; 0 keeps them for ever.",
  ),
  quarantine_days: days().describe(
    "Days for which files that did not get in are kept; 0 keeps them for ever.",
  ),
  rejects_days: days().describe(
    "Days for which rejected records are kept; 0 keeps them for ever.",
  ),
  ledger_days: days().describe(
    "Days for which an ended file stays in the ledger; 0 keeps it for ever.",
  ),
});

/** The engine that keeps the rows. */
const storage = z.strictObject({
  url: storageUrl.default("sqlite:").describe(
    '"sqlite:" (files under DATA/db) or "cassandra://user:password@h1,h2:9042?datacenter=dc1".',
  ),
  replication: z.string().regex(
    /^$|^\s*[\w.-]+:[1-9]\d?\s*(,\s*[\w.-]+:[1-9]\d?\s*)*$/,
    'expected replicas by datacenter, for example "dc1:3,dc2:3"',
  ).default("").describe(
    'Replicas in each datacenter for new keyspaces on Cassandra, such as "dc1:3"; "": 3 in the URL\'s, or as many as it has nodes.',
  ),
  lease_seconds: z.number().min(1).max(3600).default(30).describe(
    "Seconds without a sign of life after which another manage on the same cluster takes a file over.",
  ),
});

/** The most that any tenant's module may use, whatever its tenant.json asks for. */
const sandbox = z.strictObject({
  memory_mb: z.int().min(64).max(65_536).default(512).describe("Memory of its process, in MiB."),
  seconds_per_file: seconds().default(3600).describe("Seconds that one file may take."),
  reject_share: z.number().min(0).max(1).default(1).describe(
    "Share of a file's records that may be rejected before it goes to quarantine.",
  ),
  max_record_chars: z.int().min(1024).max(1_073_741_824).default(1_048_576).describe(
    "The longest record, in characters; a longer one is rejected.",
  ),
  max_unpacked_mb: z.int().min(1).max(16_777_216).default(10_240).describe(
    "MiB to which a compressed file may grow.",
  ),
  max_whole_file_mb: z.int().min(1).max(1_024).default(64).describe(
    "MiB of a file that is held in memory as a whole: Excel, Parquet, zip archives.",
  ),
  max_output_ratio: z.number().positive().default(100).describe(
    "Bytes of rows that a module may give for each byte of its file.",
  ),
  require_os_sandbox: z.boolean().default(false).describe(
    "Whether modules run only inside a layer of the operating system (bubblewrap).",
  ),
});

/** Customers' modules. */
const modules = z.strictObject({
  approval: z.enum(["operator", "auto"]).default("operator").describe(
    'Who lets a valid module of a customer run: "operator", or "auto" for at once.',
  ),
  probation_files: z.int().min(0).max(1000).default(3).describe(
    "A new version whose first files all fail, so many of them, is rolled back; 0 never.",
  ),
  net_hosts: z.array(z.string().min(1)).default([]).describe(
    'Hosts that modules may fetch from, if their tenant.json names them too; "*" is any.',
  ),
  net_private_hosts: z.array(z.string().min(1)).default([]).describe(
    "Of these, hosts that may have private addresses; all others must have public ones.",
  ),
  net_seconds: z.number().positive().max(300).default(10).describe(
    "Seconds that one request of a module may take.",
  ),
  net_max_kb: z.int().min(1).max(65_536).default(1_024).describe(
    "The largest answer to a request of a module, in KB of 1,024 bytes.",
  ),
  net_requests: z.int().nonnegative().default(1_000).describe(
    "Requests that a module may make for one file.",
  ),
});

/** Structured logs. */
const log = z.strictObject({
  level: z.enum(["debug", "info", "warning", "error"]).default("info").describe(
    "The least grave records that are written: debug, info, warning or error.",
  ),
});

/** The tables of the configuration file; each setting's description is its documentation. */
const SECTIONS = { server, uploads, constraints, manage, storage, sandbox, modules, log };

/** All settings. Every one has a default, so that an empty file is a valid configuration. */
export const configSchema = z.strictObject({
  data,
  server: server.prefault({}),
  uploads: uploads.prefault({}),
  constraints: constraints.prefault({}),
  manage: manage.prefault({}),
  storage: storage.prefault({}),
  sandbox: sandbox.prefault({}),
  modules: modules.prefault({}),
  log: log.prefault({}),
}).refine(({ server }) => (server.tls_cert === "") === (server.tls_key === ""), {
  path: ["server", "tls_cert"],
  error: "it and server.tls_key are only of use together",
});

/** The settings a command runs with. Paths are absolute; `""` stands for a file not set. */
export type Config = z.infer<typeof configSchema>;

type SectionName = keyof typeof SECTIONS;
/** The name of a setting: its table and key, for example `server.listen`. */
export type SettingName =
  | "data"
  | {
    [S in SectionName]: `${S}.${keyof (typeof SECTIONS)[S]["shape"] & string}`;
  }[SectionName];

/** One setting, for whoever has to go through all of them. */
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
