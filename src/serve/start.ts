import { createAccounts } from "../accounts/accounts.ts";
import { HashPool } from "../accounts/hash_pool.ts";
import { Failure, messageOf } from "../base/failure.ts";
import { beforeStop, holdSignals, onHangup, signalled } from "../base/signals.ts";
import { VERSION } from "../base/version.ts";
import { parseListen } from "../config/listen.ts";
import type { Config } from "../config/schema.ts";
import { DiskState } from "../data/disk_state.ts";
import { Layout } from "../data/layout.ts";
import { ModuleStore } from "../modules/store.ts";
import { type IntakeOptions, openIntake } from "../staging/intake.ts";
import { keepsOrder, openServedLedger } from "../storage/open.ts";
import { watchDisk } from "../telemetry/disk_watch.ts";
import { clockJumped } from "../telemetry/events.ts";
import { serviceManager } from "../telemetry/service_manager.ts";
import { createTelemetry } from "../telemetry/telemetry.ts";
import { openTracer } from "../telemetry/tracing.ts";
import { withRoom } from "../telemetry/with_room.ts";
import { reportFaults } from "../upkeep/handwritten.ts";
import { openData } from "../upkeep/open_data.ts";
import { createApp } from "./app.ts";
import { ServedCertificate } from "./certificate.ts";
import { arrivals } from "./http/arrival.ts";
import { loadedRows } from "./loaded_rows.ts";
import { startServer } from "./server.ts";

// Open requests have 10 seconds to end; interrupted ones have 2 more to answer.
const DRAIN_SECONDS = 12;
/** How often the files of accounts are looked at when nobody signs in. */
const LOOK_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What `serve` is started with. */
interface ServeOptions {
  /** Reads the settings, at the start and at each SIGHUP. */
  loadConfig(): Config;
  /** The path of the configuration file, for the log; null if none was given. */
  configPath: string | null;
  /** Called once the server accepts connections. */
  onListening(url: string): void;
}

/**
 * Runs the HTTP server until SIGTERM or SIGINT. SIGHUP reads the settings again; a changed log level
 * and a renewed certificate are applied.
 *
 * @throws {Failure} `bad-config`, `bad-tls`, `address-in-use`, those of {@link openData} and
 * {@link openIntake}
 *
 * @example
 * ```ts ignore
 * import { loadConfig } from "../config/load.ts";
 * await runServe({ loadConfig, configPath: null, onListening: console.log });
 * ```
 */
export async function runServe(options: ServeOptions): Promise<void> {
  // First of all: a signal without a listener ends the process.
  holdSignals();
  const stopAsked = signalled(["SIGTERM", "SIGINT"]);
  const started = await beforeStop(startServe(options), stopAsked);
  // Nothing has been accepted yet, and what was opened ends with the process.
  if (started === null) return;
  const { serve, server, url } = started;
  const { intake, telemetry: { emit }, stopping } = serve;
  const systemd = serviceManager();
  try {
    const ready = () => systemd.ready(`listening on ${url}`);
    options.onListening(url);
    ready();
    let reloaded = Promise.resolve();
    const stopReloads = onHangup(() => {
      // One after another: the next one reads the files again.
      reloaded = reloaded.then(async () => {
        systemd.reloading();
        await reload(options, started);
        ready();
      });
    });
    const stopWarning = serve.certificate?.watch(emit);
    const diskWatch = watchDisk({ disk: intake.disk, folder: intake.layout.root, emit });
    await diskWatch.check();
    await stopAsked;
    stopReloads();
    await reloaded;
    stopWarning?.();
    diskWatch.stop();
    systemd.stopping("waiting for open requests", DRAIN_SECONDS);
    emit({ kind: "server.stopping" });
    stopping.abort();
    await server.shutdown();
  } finally {
    systemd.close();
    await serve.close();
  }
}

/** Opens everything and starts to accept connections. */
async function startServe(options: ServeOptions) {
  const config = options.loadConfig();
  const { hostname, port } = listenAddress(config);
  const certificate = await ServedCertificate.read(config.server);
  const serve = await openServe(config, certificate);
  const { app, intake, telemetry: { emit } } = serve;
  try {
    const arrival = arrivals(config.server, emit);
    const listen = { hostname, port, ...(certificate && { tls: certificate.pair }) };
    const server = await startServer({ ...listen, app, intake, arrival, emit });
    const url = `${certificate ? "https" : "http"}://${urlHost(hostname)}:${server.addr.port}`;
    emit({ kind: "server.started", listen: config.server.listen, tls: certificate !== null });
    return { serve, server, url };
  } catch (error) {
    await serve.close();
    throw error;
  }
}

/** Opens the data directory, accounts, storage and telemetry, and builds the app on them. */
async function openServe(config: Config, certificate: ServedCertificate | null) {
  const telemetry = createTelemetry({ level: config.log.level, version: VERSION });
  const { emit } = telemetry;
  const layout = new Layout(config.data);
  const upgrade = await openData(layout);
  if (upgrade) emit({ kind: "data.upgraded", ...upgrade });
  const checking = reportFaults(layout, emit);
  const receiptDays = config.manage.ledger_days;
  const ledger = openServedLedger(config);
  const reserveBytes = config.disk.reserve_mb * 1024 ** 2;
  const options: IntakeOptions = {
    expiryMs: config.uploads.expire_hours * HOUR_MS,
    reserveBytes,
    onHandoff: (path, error) =>
      emit(
        error === null
          ? { kind: "problem.ended", problem: "handoff.failed", key: path }
          : { kind: "handoff.failed", path, error: messageOf(error) },
      ),
    onClock: (jump) =>
      emit(jump ? clockJumped(jump) : { kind: "problem.ended", problem: "clock.jumped", key: "" }),
    onProblem: (path, error) => emit({ kind: "staging.problem", path, error: messageOf(error) }),
    receiptExpiryMs: () => receiptDays === 0 ? null : receiptDays * DAY_MS,
    rows: loadedRows(ledger, new ModuleStore(new Layout(config.data).moduleRoot)),
  };
  const disk = new DiskState({ folders: layout.disks, reserveBytes });
  const open = () => openIntake(config.data, options);
  const intake = await withRoom(open, { disk, folder: layout.root, emit });
  const { users, admins, userAddresses, adminAddresses } = intake.layout;
  const pool = new HashPool();
  const accounts = createAccounts({
    usersPath: users,
    knownAddressesPath: userAddresses,
    emit,
    pool,
  });
  const operators = createAccounts({
    usersPath: admins,
    kind: "operator",
    knownAddressesPath: adminAddresses,
    emit,
    pool,
  });
  const looking = setInterval(() => {
    for (const each of [accounts, operators]) {
      each.refresh().catch((error) =>
        emit({ kind: "credentials.broken", error: messageOf(error) })
      );
    }
  }, LOOK_MS);
  const tracer = await openTracer("mysimbdp-serve");
  const stopping = new AbortController();
  const app = createApp({
    version: VERSION,
    intake,
    accounts,
    operators,
    ledger,
    keepsOrder: keepsOrder(config),
    certificateEnds: () => certificate?.pair.certificate.notAfter ?? null,
    hash: (password) => pool.hash(password),
    defaultConstraints: config.constraints,
    hosts: config.server.hosts,
    corsOrigins: config.server.cors_origins,
    bodies: {
      sender: {
        stallMs: config.uploads.stall_seconds * 1000,
        minRate: config.uploads.min_bytes_per_second,
      },
    },
    maxUnfinished: config.uploads.max_unfinished,
    stopping: stopping.signal,
    emit,
    tracer,
  });
  const close = async () => {
    clearInterval(looking);
    await checking;
    await Promise.all([accounts.settled(), operators.settled()]);
    accounts.close();
    operators.close();
    pool.close();
    await ledger.close();
    await tracer.close();
    telemetry.close();
  };
  return { app, intake, telemetry, certificate, stopping, close };
}

async function reload(
  { loadConfig, configPath }: ServeOptions,
  { serve: { telemetry, certificate }, server }: Awaited<ReturnType<typeof startServe>>,
): Promise<void> {
  const { emit } = telemetry;
  try {
    const config = loadConfig();
    telemetry.setLevel(config.log.level);
    emit({ kind: "config.reloaded", path: configPath });
    // Turning TLS on or off needs a restart.
    if (config.server.tls_cert === "") return;
    await certificate?.renew(config.server, (pair) => server.renew(pair), emit);
  } catch (error) {
    emit({ kind: "config.refused", error: messageOf(error) });
  }
}

function listenAddress({ server: { listen } }: Config) {
  const address = parseListen(listen);
  if (address) return address;
  throw new Failure("usage", "bad-config", `Cannot listen on "${listen}": not HOST:PORT`);
}

function urlHost(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}
