import type { Command } from "commander";
import { createAccounts } from "../../accounts/accounts.ts";
import { HashPool } from "../../accounts/hash_pool.ts";
import { parseListen } from "../../config/listen.ts";
import type { Config } from "../../config/schema.ts";
import { Failure, messageOf } from "../../base/failure.ts";
import { VERSION } from "../../base/version.ts";
import { createApp } from "../../serve/app.ts";
import { startServer } from "../../serve/server.ts";
import { openIntake } from "../../staging/intake.ts";
import { Layout } from "../../data/layout.ts";
import { openLedgerOf } from "../../storage/open.ts";
import { createTelemetry } from "../../telemetry/telemetry.ts";
import { openTracer } from "../../telemetry/tracing.ts";
import { openData } from "../../upkeep/open_data.ts";
import {
  action,
  type CommandContext,
  type CommonFlags,
  configOf,
  withCommonFlags,
} from "../command.ts";
import { warnOfDisk } from "../../telemetry/disk_warning.ts";
import { SETTINGS_ENVIRONMENT, withGuide } from "../help/guide.ts";
import { serviceManager } from "../../telemetry/service_manager.ts";

interface ServeFlags extends CommonFlags {
  listen?: string;
  tlsCert?: string;
  tlsKey?: string;
}

/** Adds `serve`. */
export function registerServe(program: Command, context: CommandContext): void {
  const command = withCommonFlags(program.command("serve"))
    .description("receive files over HTTP: accounts, constraints, resumable uploads (tus 1.0.0)")
    .option("--listen <host:port>", "where to listen (default: 127.0.0.1:8080)")
    .option("--tls-cert <file>", "certificate chain, PEM")
    .option("--tls-key <file>", "the certificate's key, PEM")
    .action(action<ServeFlags>(context, (flags) => serve(context, flags)));
  withGuide(command, {
    examples: [
      ["mysimbdp serve", "on http://127.0.0.1:8080"],
      [
        "mysimbdp serve --listen 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem",
        "over HTTPS, for everyone",
      ],
    ],
    environment: SETTINGS_ENVIRONMENT,
  });
}

async function serve({ io }: CommandContext, flags: ServeFlags): Promise<number> {
  const config = configOf(flags, {
    "server.listen": flags.listen,
    "server.tls_cert": flags.tlsCert,
    "server.tls_key": flags.tlsKey,
  });
  const telemetry = createTelemetry({ level: config.log.level, version: VERSION });
  const tls = await readTls(config);
  const upgrade = await openData(new Layout(config.data));
  if (upgrade) telemetry.emit({ kind: "data.upgraded", ...upgrade });
  const intake = await openIntake(config.data, {
    expiryMs: config.uploads.expire_hours * 3_600_000,
    receiptExpiryMs: () => {
      const days = config.manage.ledger_days;
      return days === 0 ? null : days * 86_400_000;
    },
  });
  const pool = new HashPool();
  const { emit } = telemetry;
  const accounts = createAccounts({ usersPath: intake.layout.users, emit, pool });
  const operators = createAccounts({
    usersPath: intake.layout.admins,
    kind: "operator",
    emit,
    pool,
  });
  const stopping = new AbortController();
  const ledger = openLedgerOf(config);
  const tracer = await openTracer("mysimbdp-serve", io.env);
  const app = createApp({
    tracer,
    version: VERSION,
    intake,
    accounts,
    operators,
    hash: (password) => pool.hash(password),
    stopping: stopping.signal,
    ledger,
    defaultConstraints: config.constraints,
    emit,
    stallMs: config.uploads.stall_seconds * 1000,
  });
  const manager = serviceManager(io.env);
  try {
    const { hostname, port } = listenAddress(config);
    const server = await startServer({ hostname, port, ...(tls && { tls }), app, intake, emit });
    const url = `${tls ? "https" : "http"}://${urlHost(hostname)}:${server.addr.port}`;
    telemetry.emit({ kind: "server.started", listen: config.server.listen, tls: tls !== null });
    if (!flags.quiet) io.stdout.write(`listening on ${url}\n`);
    manager.ready(`listening on ${url}`);
    await warnOfDisk(intake.layout, telemetry.emit);
    const looking = setInterval(() => void warnOfDisk(intake.layout, telemetry.emit), HOUR_MS);
    await stopAsked(() => {
      manager.reloading();
      try {
        telemetry.setLevel(configOf(flags).log.level);
        telemetry.emit({ kind: "config.reloaded", path: flags.config ?? null });
      } catch (error) {
        telemetry.emit({ kind: "config.refused", error: messageOf(error) });
      }
      manager.ready(`listening on ${url}`);
    });
    clearInterval(looking);
    manager.stopping("letting open requests end", DRAIN_SECONDS);
    telemetry.emit({ kind: "server.stopping" });
    stopping.abort();
    await server.shutdown();
    return 0;
  } finally {
    manager.close();
    await Promise.all([accounts.settled(), operators.settled()]);
    accounts.close();
    operators.close();
    pool.close();
    await ledger.close();
    await tracer.close();
    telemetry.close();
  }
}

// As long as the server gives open requests, and interrupted ones to say so.
const DRAIN_SECONDS = 12;
const HOUR_MS = 3_600_000;

/** Resolves at SIGTERM or SIGINT; SIGHUP reads the configuration again, of which the log's level counts. */
function stopAsked(reload: () => void): Promise<void> {
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGHUP", reload);
  return new Promise((resolve) => {
    Deno.addSignalListener("SIGINT", resolve);
    if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", resolve);
  });
}

function listenAddress(config: Config) {
  const address = parseListen(config.server.listen);
  if (address) return address;
  throw new Failure("usage", "bad-config", `Cannot listen on "${config.server.listen}"`);
}

function urlHost(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

async function readTls({ server }: Config): Promise<{ cert: string; key: string } | null> {
  if (server.tls_cert === "") return null;
  return { cert: await readPem(server.tls_cert), key: await readPem(server.tls_key) };
}

async function readPem(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new Failure("usage", "bad-tls", `Cannot read the TLS file "${path}"`, {
      hint: "Check the path and its rights.",
      cause: error,
    });
  }
}
