import type { Command } from "commander";
import { loadConfig } from "../../config/load.ts";
import type { Config } from "../../config/schema.ts";
import { ModuleDesk } from "../../modules/build/check_desk.ts";
import { Retention } from "../../manage/retention.ts";
import { IngestService } from "../../manage/service.ts";
import { TestRunner } from "../../modules/test_run/test_run_desk.ts";
import { type StagingWatch, watchStaging } from "../../manage/watch.ts";
import { ModuleInbox } from "../../modules/inbox.ts";
import { ModuleLog } from "../../modules/module_log.ts";
import { ModuleStore } from "../../modules/store.ts";
import { TestRuns } from "../../modules/test_runs.ts";
import { messageOf } from "../../base/failure.ts";
import { VERSION } from "../../base/version.ts";
import { findOwnLayer, requireOsLayer } from "../../sandbox/os/os_layer.ts";
import { SandboxPool } from "../../sandbox/host/pool.ts";
import { ensureFolder } from "../../data/durable.ts";
import { Layout } from "../../data/layout.ts";
import { sweepShelf } from "../../data/leftovers.ts";
import { waitingFiles } from "../../staging/waiting.ts";
import type { Storage } from "../../storage/contract.ts";
import { retry } from "../../base/retry.ts";
import { lockStorage, openStorage } from "../../storage/open.ts";
import { MetricsFile } from "../../telemetry/snapshot.ts";
import { createTelemetry, type Telemetry } from "../../telemetry/telemetry.ts";
import { openTracer } from "../../telemetry/tracing.ts";
import { openData } from "../../upkeep/open_data.ts";
import { action, type CommandContext, type CommonFlags, withCommonFlags } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { SETTINGS_ENVIRONMENT, withGuide } from "../help/guide.ts";
import { warnOfDisk } from "../../telemetry/disk_warning.ts";
import { type ServiceManager, serviceManager } from "../../telemetry/service_manager.ts";

interface RunFlags extends CommonFlags {
  storage?: string;
  once?: boolean;
  requireOsSandbox?: boolean;
}

/** Adds `manage run`, which is also what `manage` alone does. */
export function registerRun(manage: Command, context: CommandContext): void {
  const command = withCommonFlags(manage.command("run", { isDefault: true }))
    .description("watch staging and load what arrives, until SIGTERM")
    .option("--storage <url>", "where rows are stored (default: sqlite:)")
    .option("--once", "load what is there, and end")
    .option("--require-os-sandbox", "refuse to run modules without the operating system's layer")
    .action(action<RunFlags>(context, (flags) => run(flags)));
  withGuide(command, {
    examples: [
      ["mysimbdp manage", "load what arrives, until SIGTERM"],
      ["mysimbdp manage run --once", "load what is there, and end: for cron"],
    ],
    environment: SETTINGS_ENVIRONMENT,
  });
}

const TIDY_MS = 3_600_000;
const TELL_MS = 5_000;

/** The service with all that it holds open. */
interface Running {
  storage: Storage;
  service: IngestService;
  /** Where customers' modules are checked. */
  desk: ModuleDesk;
  inbox: ModuleInbox;
  /** Where their samples are run. */
  testRuns: TestRunner;
  telemetry: Telemetry;
  config: () => Config;
  reload(): void;
  /** Starts the first file's sandbox, where there is a file: it gets ready while storage is asked. */
  warm(): Promise<void>;
  /** Removes what an earlier process was killed in the middle of writing. */
  sweep(): Promise<void>;
  /** Drops what is kept only for a time, and looks at the disk. */
  tidy(): Promise<void>;
  /** Leaves the metrics for serve to show. */
  tellMetrics(): Promise<void>;
  close(): Promise<void>;
}

async function run(flags: RunFlags): Promise<number> {
  const running = await open(flags);
  const { storage, manage } = running.config();
  running.telemetry.emit({
    kind: "manage.started",
    engine: storage.url.split(":")[0] ?? "",
    concurrency: manage.concurrency,
    once: flags.once ?? false,
  });
  try {
    const layers = tellLayers(running.telemetry).then(() => running.warm());
    await storageReady(running, flags.once ?? false).finally(() => layers);
    await running.service.recover();
    await running.sweep();
    return flags.once ? await drainOnce(running) : await stay(running);
  } finally {
    await running.tellMetrics();
    await running.close();
  }
}

async function open(flags: RunFlags): Promise<Running> {
  const load = () => {
    const loaded = loadConfig({
      flags: {
        data: flags.data,
        "storage.url": flags.storage,
        "sandbox.require_os_sandbox": flags.requireOsSandbox,
      },
      configPath: flags.config,
    });
    if (loaded.sandbox.require_os_sandbox) requireOsLayer();
    return loaded;
  };
  let config = load();
  const layout = new Layout(config.data);
  const telemetry = createTelemetry({ level: config.log.level, version: VERSION });
  const upgrade = await openData(layout);
  if (upgrade) telemetry.emit({ kind: "data.upgraded", ...upgrade });
  const lock = lockStorage(config);
  const storage = openStorage(config);
  const metrics = new MetricsFile(config.data, telemetry.registry);
  const retention = new Retention({ layout, storage, emit: telemetry.emit });
  const sandboxes = new SandboxPool(!flags.once);
  const tracer = await openTracer("mysimbdp-manage");
  const parts = { layout, storage, sandboxes, emit: telemetry.emit, config: () => config, tracer };
  const store = new ModuleStore(layout.moduleRoot);
  const inbox = new ModuleInbox(layout.moduleRoot);
  await ensureFolder(inbox.folder);
  return {
    storage,
    service: new IngestService({ ...parts, modules: store }),
    desk: new ModuleDesk({ ...parts, store, inbox, log: new ModuleLog(store) }),
    inbox,
    testRuns: new TestRunner({ ...parts, store, testRuns: new TestRuns(inbox.folder, store) }),
    telemetry,
    config: () => config,
    reload() {
      try {
        config = load();
        telemetry.setLevel(config.log.level);
        telemetry.emit({ kind: "config.reloaded", path: flags.config ?? null });
      } catch (error) {
        telemetry.emit({ kind: "config.refused", error: messageOf(error) });
      }
    },
    async warm() {
      if ((await waitingFiles(layout)).size > 0) sandboxes.warm();
    },
    async sweep() {
      for (const shelf of ["archive", "quarantine"] as const) {
        await sweepShelf(layout, shelf, Date.now());
      }
    },
    async tidy() {
      try {
        await retention.run(config.manage, Date.now());
        await warnOfDisk(layout, telemetry.emit);
      } catch (error) {
        telemetry.emit({ kind: "retention.failed", error: messageOf(error) });
      }
    },
    async tellMetrics() {
      try {
        await metrics.write();
      } catch (error) {
        telemetry.emit({ kind: "metrics.lost", error: messageOf(error) });
      }
    },
    async close() {
      await sandboxes.close();
      await storage.close();
      lock.release();
      await tracer.close();
      telemetry.close();
    },
  };
}

/**
 * Waits for a storage that does not answer yet.
 * @param once fails at once instead
 */
function storageReady({ storage, telemetry }: Running, once: boolean): Promise<void> {
  return retry(() => storage.ready(), {
    attempts: once ? 1 : Infinity,
    firstDelay: 1_000,
    onWait: (failure) => telemetry.emit({ kind: "storage.waiting", error: failure.message }),
  });
}

const INNER_LAYERS = "compartment, Worker without permissions, process with limits";

async function tellLayers({ emit }: Telemetry): Promise<void> {
  const layer = await findOwnLayer();
  if (layer.active) {
    emit({ kind: "sandbox.layers", layers: `${INNER_LAYERS}, ${layer.description}` });
  } else emit({ kind: "sandbox.without_os", layers: INNER_LAYERS, why: layer.why });
}

async function drainOnce({ service, desk, testRuns, config }: Running): Promise<number> {
  const unless = new AbortController();
  let ending: Promise<void> | null = null;
  const listening = signalled(["SIGTERM", "SIGINT"], unless.signal).then(() => {
    if (!unless.signal.aborted) ending = service.shutDown(config().manage.drain_seconds * 1000);
  });
  await desk.work();
  await testRuns.work();
  const sums = await service.drain();
  unless.abort();
  await listening;
  await ending;
  if (sums.storageFailed) return EXIT.storage;
  return sums.failed + sums.waiting > 0 ? EXIT.incomplete : EXIT.done;
}

async function stay(running: Running): Promise<number> {
  const manager = serviceManager();
  try {
    return await stayUnder(manager, running);
  } finally {
    manager.close();
  }
}

async function stayUnder(manager: ServiceManager, running: Running): Promise<number> {
  const { service, telemetry, config, reload, tidy, tellMetrics } = running;
  const { data } = config();
  // Before the first file is begun: a signal that nobody hears ends the process at once.
  const asked = signalled(["SIGTERM", "SIGINT"]);
  const reloading = Deno.build.os === "windows" ? [] : ["SIGHUP" as const];
  const onReload = () => {
    manager.reloading();
    reload();
    manager.ready("loading what arrives");
  };
  for (const signal of reloading) Deno.addSignalListener(signal, onReload);
  const staging = new Layout(data).shelf("staging");
  const watch = watchStaging(staging, {
    onHint: () => service.scan(),
    onError: (error) =>
      telemetry.emit({ kind: "watch.lost", dir: staging, error: messageOf(error) }),
    scanSeconds: () => config().manage.scan_seconds,
  });
  const submissions = watchModules(running);
  const tidying = setInterval(() => void tidy(), TIDY_MS);
  const telling = setInterval(() => void tellMetrics(), TELL_MS);
  await tidy();
  await tellMetrics();
  manager.ready("loading what arrives");
  await asked;
  clearInterval(tidying);
  clearInterval(telling);
  telemetry.emit({ kind: "manage.draining", running: service.running });
  const { drain_seconds: drainSeconds } = config().manage;
  manager.stopping(`draining, ${service.running} files are running`, drainSeconds);
  await watch.close();
  await submissions.close();
  await service.shutDown(drainSeconds * 1000);
  for (const signal of reloading) Deno.removeSignalListener(signal, onReload);
  telemetry.emit({ kind: "manage.stopped", running: service.running });
  return EXIT.done;
}

/** Has submitted modules checked as they come; files that wait for one are looked at then. */
function watchModules(running: Running): StagingWatch {
  const { desk, inbox, testRuns, service, telemetry, config } = running;
  return watchStaging(inbox.folder, {
    async onHint() {
      if (await desk.work() > 0) await service.scan();
      await testRuns.work();
    },
    onError: (error) =>
      telemetry.emit({ kind: "watch.lost", dir: inbox.folder, error: messageOf(error) }),
    scanSeconds: () => config().manage.scan_seconds,
  });
}

/** Resolves at the first of these signals, or when it is told to listen no more. */
function signalled(signals: Deno.Signal[], unless?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const heard = () => {
      for (const signal of signals) Deno.removeSignalListener(signal, heard);
      resolve();
    };
    for (const signal of signals) Deno.addSignalListener(signal, heard);
    unless?.addEventListener("abort", heard, { once: true });
  });
}
