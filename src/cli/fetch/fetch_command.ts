import { type Command, InvalidArgumentError } from "commander";
import { ApiClient } from "../../fetch/client.ts";
import { type FetchSummary, Tally } from "../../fetch/events.ts";
import { fetchOnce, type RunOptions } from "../../fetch/run.ts";
import { watchDirectory } from "../../fetch/watch.ts";
import { Failure } from "../../base/failure.ts";
import { isLoopback } from "../../base/loopback.ts";
import { openTracer } from "../../telemetry/tracing.ts";
import { exitCodeOf } from "../exit_codes.ts";
import {
  FETCH_DEFAULTS,
  type FetchContext,
  type FetchFlags,
  type FetchOptions,
  readCertificates,
  settleFetchOptions,
} from "./options.ts";
import { registerFetchModule } from "./module_command.ts";
import { FetchOutput } from "./output.ts";
import { type Guide, withGuide } from "../help/guide.ts";
import type { CommandIo } from "../terminal/io.ts";
import { findPassword } from "../terminal/password.ts";
import { report } from "../terminal/report.ts";

/** As many as the server takes of one customer. */
const MOST_PARALLEL = 16;

const GUIDE: Guide = {
  examples: [
    ["mysimbdp fetch -u customer-1", "ask for the password, send client-input-dir"],
    ["mysimbdp fetch -u customer-1 -d data --wait", "stay until the rows are stored"],
    ["mysimbdp fetch -u customer-1 -d data --dry-run", "only say what would be sent"],
    [
      "mysimbdp fetch -u customer-1 --password-file pw --watch --server https://intake.example.com",
      "send what arrives, until it is interrupted",
    ],
  ],
  environment: [
    ["MYSIMBDP_USER, MYSIMBDP_PASSWORD", "the account"],
    ["MYSIMBDP_SERVER, MYSIMBDP_DIR, MYSIMBDP_CA", "in place of the flags"],
    ["NO_COLOR", "no colours"],
  ],
};

/** Adds `fetch` to the program. */
export function registerFetch(program: Command, context: FetchContext): Command {
  const command = program.command("fetch")
    .description("check the files of a directory and send them to the platform")
    .option("-u, --user <user>", "the customer's user name")
    .option("-p, --password <password>", "its password; - reads it from standard input")
    .option("--password-file <file>", "a file whose first line is the password")
    .option("-d, --dir <dir>", `the directory (default: ${FETCH_DEFAULTS.dir})`)
    .option("--server <url>", `the platform's address (default: ${FETCH_DEFAULTS.server})`)
    .option("--wait", "follow each file until its rows are stored")
    .option("--watch", "stay, and send what arrives")
    .option("-n, --dry-run", "check everything, send nothing")
    .option("--parallel <n>", `uploads at once (default: ${FETCH_DEFAULTS.parallel})`, parallel)
    .option(
      "--interval <seconds>",
      `with --watch: seconds between two looks (default: ${FETCH_DEFAULTS.interval})`,
      interval,
    )
    .option("--ca <file>", "trust the certificates in this PEM file, too")
    .option("--config <file>", "a configuration file; its server.url counts")
    .option("--json", "one JSON object a line: each file, then a summary")
    .option("-q, --quiet", "print only the files that came to no good")
    .option("-v, --verbose", "print details, too")
    .option("--no-color", "no colours")
    .action(async (_: unknown, command: Command) => {
      const flags = command.optsWithGlobals<FetchFlags>();
      try {
        const config = await context.config?.(flags.config);
        const options = settleFetchOptions(flags, context.io.env, config);
        context.done(await runFetch(options, context.io));
      } catch (error) {
        context.done(report(error, context.io, flags));
      }
    });
  registerFetchModule(command, context);
  return withGuide(command, GUIDE);
}

/**
 * Runs `mysimbdp fetch`.
 *
 * @returns the exit code: 0 all done, 1 some files were refused or failed, 2 usage,
 * 3 authentication, 4 server or network, 5 storage; the gravest where there are several
 *
 * @example
 * ```ts ignore
 * const exitCode = await runFetch(settleFetchOptions(flags, io.env), io);
 * ```
 */
export async function runFetch(options: FetchOptions, io: CommandIo): Promise<number> {
  const { json, verbose } = options;
  const output = new FetchOutput(io, options);
  let summary: FetchSummary = new Tally(0).summary(0);
  let exitCode: number;
  try {
    const password = await findPassword(options.password, options.user, io);
    const ca = options.ca === undefined ? undefined : await readCertificates(options.ca);
    using client = new ApiClient({
      server: options.server,
      user: options.user,
      password,
      ca,
      onThrottled: (failure, seconds) =>
        output.event({ type: "retrying", name: null, failure, seconds }),
    });
    warnOfPlainText(client.server, output);
    summary = await runStoppably(options, client, output, io);
    exitCode = exitCodeOf(summary.worst);
  } catch (error) {
    output.close();
    exitCode = report(error, io, { json, verbose });
    if (!json) return exitCode;
  }
  output.summary(summary, exitCode);
  return exitCode;
}

/** Ends at SIGINT or SIGTERM in good order: what was sent so far is kept by the server. */
async function runStoppably(
  options: FetchOptions,
  client: ApiClient,
  output: FetchOutput,
  io: CommandIo,
): Promise<FetchSummary> {
  const { dir, parallel, wait, dryRun, watch, interval } = options;
  const stop = new AbortController();
  const stopListening = io.onStop(() => stop.abort(interrupted()));
  const emit = output.event;
  const tracer = await openTracer("mysimbdp-fetch", io.env);
  const span = tracer.start("fetch");
  const run: RunOptions = { client, dir, emit, signal: stop.signal, parallel, wait, dryRun, span };
  try {
    return watch ? await watchDirectory({ ...run, interval }) : await fetchOnce(run);
  } finally {
    stopListening();
    span.end();
    await tracer.close();
  }
}

function interrupted(): Failure {
  return new Failure("refused", "interrupted", "Cannot finish: interrupted", {
    hint: "Run the command again: it goes on where it stopped.",
  });
}

function warnOfPlainText(server: string, output: FetchOutput): void {
  const { protocol, hostname } = new URL(server);
  if (protocol === "http:" && !isLoopback(hostname)) {
    output.notice(`the password and the files go unencrypted to ${server}; use https if you can`);
  }
}

function parallel(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= MOST_PARALLEL) return number;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_PARALLEL}.`);
}

function interval(value: string): number {
  const seconds = Number(value);
  if (seconds >= 0.1 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError("It must be a number of seconds from 0.1 to 86400.");
}
