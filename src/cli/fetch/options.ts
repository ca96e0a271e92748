import { DEFAULT_PARALLEL } from "../../fetch/run.ts";
import { DEFAULT_INTERVAL } from "../../fetch/watch.ts";
import { Failure, messageOf } from "../../base/failure.ts";
import type { CommandIo } from "../terminal/io.ts";
import { localPath, thisMachine } from "../terminal/local_path.ts";

/** The flags of `mysimbdp fetch` as they were given. */
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
  /** Path of a PEM file. */
  ca?: string;
  /** Path of a TOML file. */
  config?: string;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  color?: boolean;
}

/** What the configuration file may say of `fetch`. */
type FetchConfig = Pick<
  FetchFlags,
  "user" | "passwordFile" | "dir" | "server" | "parallel" | "interval" | "ca"
>;

/** All that `fetch` needs to know, settled. */
export interface FetchOptions {
  user: string;
  password: { flag?: string; file?: string; env?: string };
  dir: string;
  server: string;
  wait: boolean;
  watch: boolean;
  dryRun: boolean;
  parallel: number;
  /** Milliseconds. */
  interval: number;
  ca?: string;
  json: boolean;
  quiet: boolean;
  verbose: boolean;
  color: boolean;
}

export const FETCH_DEFAULTS = {
  dir: "client-input-dir",
  server: "http://127.0.0.1:8080",
  parallel: DEFAULT_PARALLEL,
  /** Seconds. */
  interval: DEFAULT_INTERVAL / 1000,
} as const;

/** What the command needs from the program that it is a part of. */
export interface FetchContext {
  io: CommandIo;
  /** What the configuration file says of `fetch`; is asked when the command runs. */
  config?: (path: string | undefined) => Promise<FetchConfig>;
  /** Takes the exit code when the command has come to its end. */
  done(exitCode: number): void;
}

/**
 * Settles the options: flag before environment before configuration file before default.
 *
 * @throws {Failure} kind `usage`, when there is no user or two flags exclude each other
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
  config: FetchConfig = {},
): FetchOptions {
  const setting = (name: string) => env(name) || undefined;
  const user = flags.user ?? setting("MYSIMBDP_USER") ?? config.user;
  if (!user) {
    throw new Failure("usage", "no-user", "Cannot log in: no user was given", {
      hint: "Pass -u USER, or set MYSIMBDP_USER.",
    });
  }
  if (flags.watch && flags.dryRun) {
    throw new Failure("usage", "watch-and-dry-run", "Cannot use both --watch and --dry-run");
  }
  const machine = thisMachine(env);
  const path = (given: string | undefined) =>
    given === undefined ? undefined : localPath(given, machine);
  const password = passwordSources(flags, setting("MYSIMBDP_PASSWORD"), config);
  return {
    user,
    password: { ...password, file: path(password.file) },
    dir: path(flags.dir ?? setting("MYSIMBDP_DIR") ?? config.dir) ?? FETCH_DEFAULTS.dir,
    server: flags.server ?? setting("MYSIMBDP_SERVER") ?? config.server ?? FETCH_DEFAULTS.server,
    wait: flags.wait ?? false,
    watch: flags.watch ?? false,
    dryRun: flags.dryRun ?? false,
    parallel: flags.parallel ?? config.parallel ?? FETCH_DEFAULTS.parallel,
    interval: (flags.interval ?? config.interval ?? FETCH_DEFAULTS.interval) * 1000,
    ca: path(flags.ca ?? setting("MYSIMBDP_CA") ?? config.ca),
    json: flags.json ?? false,
    quiet: flags.quiet ?? false,
    verbose: flags.verbose ?? false,
    color: flags.color ?? true,
  };
}

/** A password file of the configuration counts only when nothing nearer names a password. */
function passwordSources(
  flags: FetchFlags,
  env: string | undefined,
  config: FetchConfig,
): FetchOptions["password"] {
  const { password: flag, passwordFile: file } = flags;
  const isNamed = flag !== undefined || file !== undefined || env !== undefined;
  return { flag, file: isNamed ? file : config.passwordFile, env };
}

/** Reads a PEM file. @throws {Failure} `ca-file` */
export async function readCertificates(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const state = error instanceof Deno.errors.NotFound ? "it is not there" : messageOf(error);
    throw new Failure("usage", "ca-file", `Cannot read the certificates "${path}": ${state}`, {
      cause: error,
    });
  }
}
