import type { Command } from "commander";
import { Failure, messageOf } from "../../base/failure.ts";
import { loadConfig } from "../../config/load.ts";
import { parsePem, toPem } from "../../tls/pem.ts";
import { ApiClient, type ClientOptions, serverAddress } from "../../fetch/client.ts";
import { DEFAULT_PARALLEL } from "../../fetch/run.ts";
import { DEFAULT_INTERVAL, DEFAULT_REST } from "../../fetch/watch.ts";
import { accountOfToken } from "../../protocol/tokens.ts";
import type { Config } from "../../config/schema.ts";
import { type CommandContext, parseSeconds } from "../command.ts";
import type { CommandIo } from "../terminal/io.ts";
import { localPath, thisMachine } from "../terminal/local_path.ts";
import { findPassword } from "../terminal/password.ts";
import { type StoredToken, StoredTokens } from "./stored_tokens.ts";

/** The flags of `mysimbdp fetch` as given. */
export interface FetchFlags {
  user?: string;
  password?: string;
  passwordFile?: string;
  dir?: string;
  server?: string;
  wait?: boolean;
  watch?: boolean;
  dryRun?: boolean;
  parallel?: number;
  /** Seconds. */
  interval?: number;
  /** Seconds. */
  rest?: number;
  /** Seconds; 0 for no limit. */
  waitTimeout?: number;
  /** Path of a PEM file. */
  ca?: string;
  /** Path of a TOML file. */
  config?: string;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  color?: boolean;
}

/** The options of `fetch`, with defaults applied. */
export interface FetchOptions extends
  Required<
    Omit<
      FetchFlags,
      "password" | "passwordFile" | "interval" | "rest" | "waitTimeout" | "ca" | "config"
    >
  > {
  password: { flag?: string; file?: string; env?: string };
  /** An API token of the user, instead of a password. */
  token: GivenToken | null;
  /** Milliseconds. */
  interval: number;
  /** Milliseconds. */
  rest: number;
  /** Milliseconds; Infinity for no limit. */
  waitLimit: number;
  ca?: string;
}

/** An API token that the environment gives, or that `fetch login` has stored. */
export type GivenToken = Pick<StoredToken, "user" | "token"> & Partial<StoredToken>;

export const FETCH_DEFAULTS = {
  dir: "client-input-dir",
  server: "http://127.0.0.1:8080",
  parallel: DEFAULT_PARALLEL,
  /** Seconds. */
  interval: DEFAULT_INTERVAL / 1000,
  /** Seconds. */
  rest: DEFAULT_REST / 1000,
  /** Seconds. */
  waitTimeout: 86_400,
} as const;

/** The maximum of these settings, in seconds. */
export const MAX_REST = 86_400;
export const MAX_WAIT_TIMEOUT = 14 * 86_400;

/** Adds the flags for the server and the account. */
export function withAccount(command: Command): Command {
  return command
    .option("-u, --user <user>", "user name of your account")
    .option("-p, --password <password>", "password; - reads it from standard input")
    .option("--password-file <file>", "read the password from the first line of a file")
    .option("--server <url>", `URL of the platform (default: ${FETCH_DEFAULTS.server})`)
    .option("--ca <file>", "also trust the certificates in this PEM file");
}

/**
 * Returns the options: a flag takes precedence over the environment, that over the configuration
 * file, that over the default. A password or token of a flag or the environment takes precedence over
 * the stored token.
 *
 * @param configured the settings of the configuration file, if there is one
 * @param stored the token that is stored for the server
 * @throws {Failure} kind `usage` when no user is set or two flags exclude each other
 *
 * @example
 * ```ts
 * import { settleFetchOptions } from "./options.ts";
 * settleFetchOptions({ user: "customer-1" }, () => undefined).dir; // "client-input-dir"
 * ```
 */
export function settleFetchOptions(
  flags: FetchFlags,
  env: CommandIo["env"],
  configured?: Configured,
  stored: StoredToken | null = null,
): FetchOptions {
  const options = settleOptions(flags, env, configured, stored);
  if (options.user === "") throw withoutToken(options.server);
  return options;
}

/** The failure of a command that knows neither a user nor a token. */
export function withoutToken(server: string): Failure {
  return new Failure("usage", "no-user", `Cannot log in to "${server}": no user was given`, {
    hint: "Run mysimbdp fetch login, pass -u USER or set MYSIMBDP_USER.",
  });
}

/** The settings of the configuration file that `fetch` uses. */
type Configured = { server: Pick<Config["server"], "url">; fetch: Config["fetch"] };

/** The user is empty if none is known. */
function settleOptions(
  flags: FetchFlags,
  env: CommandIo["env"],
  configured: Configured | undefined,
  stored: StoredToken | null,
): FetchOptions {
  const setting = (name: string) => env(name) || undefined;
  const named = flags.user ?? setting("MYSIMBDP_USER");
  if (flags.watch && flags.dryRun) {
    throw new Failure("usage", "watch-and-dry-run", "Cannot use both --watch and --dry-run");
  }
  const machine = thisMachine(env);
  const path = (given: string | undefined) =>
    given === undefined ? undefined : localPath(given, machine);
  const { password: flag, passwordFile, interval = FETCH_DEFAULTS.interval } = flags;
  const seconds = (name: string, max: number) => secondsIn(name, setting(name), max);
  const limit = flags.waitTimeout ?? seconds("MYSIMBDP_FETCH_WAIT_SECONDS", MAX_WAIT_TIMEOUT) ??
    configured?.fetch.wait_seconds ?? FETCH_DEFAULTS.waitTimeout;
  const password = { flag, file: path(passwordFile), env: setting("MYSIMBDP_PASSWORD") };
  const isFlag = flag !== undefined || passwordFile !== undefined;
  const given = isFlag
    ? null
    : tokenIn(setting("MYSIMBDP_TOKEN")) ?? (password.env === undefined ? stored : null);
  // A token of somebody else is not used for the user that was named.
  const token = given !== null && (named ?? given.user) === given.user ? given : null;
  return {
    user: named ?? token?.user ?? "",
    password,
    token,
    dir: path(flags.dir ?? setting("MYSIMBDP_DIR")) ?? FETCH_DEFAULTS.dir,
    server: serverOf(flags, env, configured),
    wait: flags.wait ?? false,
    watch: flags.watch ?? false,
    dryRun: flags.dryRun ?? false,
    parallel: flags.parallel ?? FETCH_DEFAULTS.parallel,
    interval: interval * 1000,
    rest: 1000 * (flags.rest ?? seconds("MYSIMBDP_FETCH_REST_SECONDS", MAX_REST) ??
      configured?.fetch.rest_seconds ?? FETCH_DEFAULTS.rest),
    waitLimit: limit === 0 ? Infinity : limit * 1000,
    ca: path(flags.ca ?? setting("MYSIMBDP_CA")),
    json: flags.json ?? false,
    quiet: flags.quiet ?? false,
    verbose: flags.verbose ?? false,
    color: flags.color ?? true,
  };
}

/** Returns the seconds in an environment variable. */
function secondsIn(name: string, value: string | undefined, max: number): number | undefined {
  if (value === undefined) return undefined;
  const seconds = parseSeconds(value);
  if (seconds !== null && seconds <= max) return seconds;
  const text = `Cannot use ${name}: it is not a number of seconds up to ${max}`;
  throw new Failure("usage", "bad-environment", text, {
    hint: "Use seconds, or a duration such as 90s, 15m or 2h.",
  });
}

function serverOf(
  flags: FetchFlags,
  env: CommandIo["env"],
  configured?: Configured,
): string {
  return flags.server ?? (env("MYSIMBDP_SERVER") || undefined) ?? configured?.server.url ??
    FETCH_DEFAULTS.server;
}

function tokenIn(token: string | undefined): GivenToken | null {
  if (token === undefined) return null;
  const user = accountOfToken(token);
  if (user !== null) return { user, token };
  throw new Failure("usage", "bad-environment", "Cannot use MYSIMBDP_TOKEN: it is no API token", {
    hint: "An API token starts with mbdp_; create one with POST /v1/tokens.",
  });
}

/**
 * Returns the options for these flags; reads the configuration file if one is named, and the stored
 * token of the server.
 */
export async function fetchOptions(flags: FetchFlags, io: CommandIo): Promise<FetchOptions> {
  const configured = configuredBy(flags, io.env);
  const server = serverOf(flags, io.env, configured);
  // A fault in the file must not matter to a command that does not use it.
  const isGiven = flags.password !== undefined || flags.passwordFile !== undefined ||
    ["MYSIMBDP_PASSWORD", "MYSIMBDP_TOKEN"].some((name) => io.env(name));
  const stored = isGiven ? null : await new StoredTokens(io).of(serverAddress(server));
  return settleFetchOptions(flags, io.env, configured, stored);
}

/** The options of a command that needs no user; the server is normalized. */
export function serverOptions(flags: FetchFlags, io: CommandIo, url?: string): FetchOptions {
  const all = url === undefined ? flags : { ...flags, server: url };
  const options = settleOptions(all, io.env, configuredBy(flags, io.env), null);
  return { ...options, server: serverAddress(options.server) };
}

function configuredBy(flags: FetchFlags, env: CommandIo["env"]): Config | undefined {
  const configPath = flags.config ?? (env("MYSIMBDP_CONFIG") || undefined);
  return configPath === undefined ? undefined : loadConfig({ configPath });
}

/** Returns a client for the account, after asking for its password if nothing was given. */
export async function openClient(
  options: FetchOptions,
  io: CommandIo,
  onThrottled?: ClientOptions["onThrottled"],
): Promise<ApiClient> {
  const { server, user, token } = options;
  if (token !== null) {
    if (!options.json && !options.quiet) warnOfExpiry(server, token, io);
    return await clientOf(options, { user, token: token.token, onThrottled });
  }
  const instead = "mysimbdp fetch login, --password-file FILE or -p -";
  const password = await findPassword({ ...options.password, instead }, user, io);
  return await clientOf(options, { user, password, onThrottled });
}

/** Returns a client for the server. */
export async function clientOf(
  { server, ca: path }: Pick<FetchOptions, "server" | "ca">,
  login: Omit<ClientOptions, "server" | "ca">,
): Promise<ApiClient> {
  const ca = path === undefined ? undefined : await readCertificates(path);
  return new ApiClient({ server, ca, ...login });
}

const WARNED_DAYS = 7;

function warnOfExpiry(server: string, { expiresAt }: GivenToken, { stderr }: CommandIo): void {
  if (expiresAt === undefined) return;
  const days = (Date.parse(expiresAt) - Date.now()) / 86_400_000;
  if (days <= 0 || days > WARNED_DAYS) return;
  stderr.write(
    `notice: the API token expires at ${expiresAt}; run mysimbdp fetch login ${server} to ` +
      "replace it\n",
  );
}

/** Runs work with a client for the account, until it ends or a signal aborts it. */
export async function withClient(
  { io }: CommandContext,
  flags: FetchFlags,
  work: (client: ApiClient, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  using client = await openClient(await fetchOptions(flags, io), io);
  return await untilStopped(io, (signal) => work(client, signal));
}

/** Runs work that Ctrl-C or a termination signal aborts. */
export async function untilStopped<T>(
  io: CommandIo,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const stopListening = io.onStop(() =>
    stop.abort(
      new Failure("refused", "interrupted", "Cannot finish: interrupted", {
        hint: "Run the command again; it resumes unfinished uploads.",
      }),
    )
  );
  try {
    return await work(stop.signal);
  } finally {
    stopListening();
  }
}

/** @throws {Failure} `ca-file` */
async function readCertificates(path: string): Promise<string> {
  try {
    const { labels, certificates } = parsePem(await Deno.readFile(path));
    if (certificates.length > 0) return certificates.map(toPem).join("");
    throw new Error(`it contains no certificate but ${labels.join(", ")}`);
  } catch (error) {
    const state = error instanceof Deno.errors.NotFound ? "it does not exist" : messageOf(error);
    throw new Failure("usage", "ca-file", `Cannot read the certificates "${path}": ${state}`, {
      hint: "Pass a PEM file with the certificate of the authority with --ca.",
      cause: error,
    });
  }
}
