import type { Command } from "commander";
import { isLoopback } from "../../base/loopback.ts";
import { type FetchSummary, Tally } from "../../fetch/events.ts";
import type { ApiClient } from "../../fetch/client.ts";
import { fetchOnce } from "../../fetch/run.ts";
import { watchDirectory } from "../../fetch/watch.ts";
import { openTracer } from "../../telemetry/tracing.ts";
import { action, type CommandContext, numberFrom, secondsUpTo } from "../command.ts";
import { exitCodeOf } from "../exit_codes.ts";
import { type Guide, withGuide } from "../help/guide.ts";
import type { CommandIo } from "../terminal/io.ts";
import { report } from "../terminal/report.ts";
import { registerLogin } from "./login_command.ts";
import { registerFetchModule } from "./module_command.ts";
import {
  FETCH_DEFAULTS,
  type FetchFlags,
  type FetchOptions,
  fetchOptions,
  MAX_REST,
  MAX_WAIT_TIMEOUT,
  openClient,
  untilStopped,
  withAccount,
} from "./options.ts";
import { FetchOutput } from "./output.ts";
import { registerFetchUploads } from "./uploads_command.ts";

/** The number of uploads that the server accepts from one account at a time. */
const MAX_PARALLEL = 16;

const GUIDE: Guide = {
  examples: [
    ["mysimbdp fetch login https://intake.example.com", "store an API token for this server"],
    ["mysimbdp fetch -u customer-1", "prompt for the password, send client-input-dir"],
    ["mysimbdp fetch -u customer-1 -d data --wait", "wait until the rows are stored"],
    ["mysimbdp fetch -u customer-1 -d data --dry-run", "show what would be sent"],
    [
      "mysimbdp fetch -u customer-1 --password-file pw --watch --server https://intake.example.com",
      "send new files as they arrive",
    ],
    [
      "mysimbdp fetch -u customer-1 --wait --wait-timeout 15m",
      "wait for up to 15 minutes per file",
    ],
  ],
  notes: [
    "With --watch a file is sent once it has not changed for --rest seconds; at once when a file " +
    "NAME.done beside it says that it is complete, or when it is renamed from a temporary name " +
    "(.tmp, .part, .crdownload, a hidden name). The marker counts if it is at least as new as the " +
    "file; it is not sent and stays where it is.",
  ],
  environment: [
    ["MYSIMBDP_USER, MYSIMBDP_PASSWORD", "the account"],
    ["MYSIMBDP_TOKEN", "an API token, instead of them"],
    ["MYSIMBDP_SERVER, MYSIMBDP_DIR, MYSIMBDP_CA", "defaults for the flags"],
    ["MYSIMBDP_FETCH_REST_SECONDS", "default for --rest"],
    ["MYSIMBDP_FETCH_WAIT_SECONDS", "default for --wait-timeout"],
    ["NO_COLOR", "disable colors"],
  ],
};

/** Adds `fetch` to the program. */
export function registerFetch(program: Command, context: CommandContext): Command {
  const { dir, parallel, interval, rest } = FETCH_DEFAULTS;
  const command = withAccount(program.command("fetch"))
    .description("check the files in a directory and send them to the platform")
    .option("-d, --dir <dir>", `directory to send (default: ${dir})`)
    .option("--wait", "wait until the rows of each file are stored")
    .option("--watch", "keep running and send new files as they arrive")
    .option("-n, --dry-run", "check all files, send nothing")
    .option(
      "--parallel <n>",
      `number of files to upload at once (default: ${parallel})`,
      numberFrom(1, MAX_PARALLEL),
    )
    .option(
      "--interval <seconds>",
      `with --watch: seconds between scans (default: ${interval})`,
      numberFrom(0.1, 86_400, Number.isFinite),
    )
    .option(
      "--rest <seconds>",
      `with --watch: seconds for which a file must not change (default: ${rest})`,
      secondsUpTo(MAX_REST),
    )
    .option(
      "--wait-timeout <duration>",
      "with --wait: maximum time per file, such as 90s or 2h; 0 for no limit (default: 24h)",
      secondsUpTo(MAX_WAIT_TIMEOUT),
    )
    .option("--config <file>", "configuration file; server.url and [fetch] are used")
    .option("--json", "print JSON, one object per line: each file, then a summary")
    .option("-q, --quiet", "print only the files that failed")
    .option("-v, --verbose", "print more details")
    .option("--no-color", "disable colors")
    .action(action<FetchFlags>(context, async (flags) => {
      return await runFetch(await fetchOptions(flags, context.io), context.io);
    }));
  registerLogin(command, context);
  registerFetchModule(command, context);
  registerFetchUploads(command, context);
  return withGuide(command, GUIDE);
}

/**
 * Runs `mysimbdp fetch`.
 *
 * @returns the exit code: 0 all done, 1 some files were refused, failed or not loaded in time, 2 usage,
 * 3 authentication, 4 server or network, 5 storage; the most severe one if there are several
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
    summary = await send(options, output, io);
    exitCode = exitCodeOf(summary.worst);
  } catch (error) {
    output.close();
    exitCode = report(error, io, { json, verbose });
    if (!json) return exitCode;
  }
  output.summary(summary, exitCode);
  return exitCode;
}

async function send(
  options: FetchOptions,
  output: FetchOutput,
  io: CommandIo,
): Promise<FetchSummary> {
  const emit = output.event;
  using client = await openClient(options, io, (failure, seconds) => {
    emit({ type: "retrying", name: null, failure, seconds });
  });
  warnOfPlainText(client, output);
  const tracer = await openTracer("mysimbdp-fetch", io.env);
  const span = tracer.start("fetch");
  try {
    return await untilStopped(io, (signal) => {
      const run = { ...options, client, emit, signal, span };
      return options.watch ? watchDirectory(run) : fetchOnce(run);
    });
  } finally {
    span.end();
    await tracer.close();
  }
}

function warnOfPlainText({ server, hasToken }: ApiClient, output: FetchOutput): void {
  const { protocol, hostname } = new URL(server);
  if (protocol === "http:" && !isLoopback(hostname)) {
    const secret = hasToken ? "API token" : "password";
    output.notice(`the ${secret} and the files are sent unencrypted to ${server}; use https`);
  }
}
