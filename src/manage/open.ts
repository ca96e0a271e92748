import { messageOf } from "../base/failure.ts";
import { VERSION } from "../base/version.ts";
import type { Config } from "../config/schema.ts";
import { ensureFolder } from "../data/durable.ts";
import { DiskState } from "../data/disk_state.ts";
import { Layout } from "../data/layout.ts";
import { Attempts } from "../modules/attempts.ts";
import { ModuleRequestHandler } from "../modules/build/request_handler.ts";
import { ModuleInbox } from "../modules/inbox.ts";
import { ModuleLog } from "../modules/module_log.ts";
import { TenantSecrets } from "../modules/secrets.ts";
import { ModuleStore } from "../modules/store.ts";
import { TestRuns } from "../modules/test_runs.ts";
import { SandboxPool } from "../sandbox/host/sandbox_pool.ts";
import { requireOsSandbox } from "../sandbox/os/own_layers.ts";
import type { Storage } from "../storage/contract.ts";
import { lockStorage, openStorage } from "../storage/open.ts";
import type { Emit } from "../telemetry/events.ts";
import { ManageStateFile } from "../telemetry/manage_state.ts";
import { createTelemetry } from "../telemetry/telemetry.ts";
import { openTracer } from "../telemetry/tracing.ts";
import { openData } from "../upkeep/open_data.ts";
import { Housekeeping } from "./housekeeping.ts";
import { ModuleWork } from "./module_work.ts";
import { Reconciler } from "./reconcile.ts";
import { IngestService } from "./service.ts";
import { withRoom } from "../telemetry/with_room.ts";

export interface ManageOptions {
  /** Reads the settings, at the start and at each reload. @throws {Failure} `bad-config` */
  loadConfig: () => Config;
  /** The file of `--config`, for the log. */
  configPath: string | null;
  /** Load what is in staging, then end. */
  once: boolean;
}

/** `manage` with everything that it has open. */
export interface Manage {
  layout: Layout;
  storage: Storage;
  sandboxes: SandboxPool;
  disk: DiskState;
  service: IngestService;
  /** Checks the modules that customers submit. */
  moduleRequests: ModuleRequestHandler;
  /** Checks, approvals and test runs in fair order. */
  moduleWork: ModuleWork;
  inbox: ModuleInbox;
  housekeeping: Housekeeping;
  emit: Emit;
  /** Compares records and disk. */
  reconciler: Reconciler;
  config: () => Config;
  /** Reads the settings again; invalid ones are reported and not used. */
  reload(): void;
  close(): Promise<void>;
}

/**
 * Opens data directory, storage, telemetry and sandboxes.
 *
 * @throws {Failure} `bad-config`, `no-os-sandbox`, `manage-running`, those of {@link openData} and
 * {@link openStorage}
 */
export async function openManage(options: ManageOptions): Promise<Manage> {
  let config = loadChecked(options);
  const layout = new Layout(config.data);
  const telemetry = createTelemetry({ level: config.log.level, version: VERSION });
  const upgrade = await openData(layout);
  const state = new ManageStateFile(layout.root);
  const { registry } = telemetry;
  const emit: Emit = (event) => {
    state.observe(event);
    telemetry.emit(event);
  };
  if (upgrade) emit({ kind: "data.upgraded", ...upgrade });
  const disk = new DiskState({
    folders: layout.disks,
    root: layout.root,
    reserveBytes: () => config.disk.reserve_mb * 1024 ** 2,
  });
  const { lock, storage } = await withRoom(() => openEngine(config), {
    disk,
    folder: layout.root,
    emit,
    isOnce: options.once,
  });
  const sandboxes = new SandboxPool(!options.once);
  const tracer = await openTracer("mysimbdp-manage");
  const store = new ModuleStore(layout.moduleRoot);
  const inbox = new ModuleInbox(layout.moduleRoot);
  await ensureFolder(inbox.folder);
  const secrets = new TenantSecrets(layout.secrets);
  const deps = { layout, storage, sandboxes, tracer, emit, disk, config: () => config };
  const service = new IngestService({ ...deps, modules: store });
  const housekeeping = new Housekeeping({
    ...deps,
    registry,
    state,
    onDisk: (change) => void (change.type === "free" && service.resume()),
  });
  const attempts = new Attempts(layout.moduleRoot);
  const log = new ModuleLog(store);
  const moduleRequests = new ModuleRequestHandler({ ...deps, store, inbox, log, attempts });
  const reconciler = new Reconciler({ ...deps, isRunning: (id) => service.isRunning(id) });
  return {
    ...deps,
    service,
    moduleRequests,
    moduleWork: new ModuleWork({
      ...deps,
      inbox,
      moduleRequests,
      testRunDeps: {
        ...deps,
        store,
        testRuns: new TestRuns(inbox.folder, store),
        secrets,
        attempts,
      },
      onPromoted: () => void service.scan(),
    }),
    inbox,
    housekeeping,
    emit,
    reconciler,
    reload() {
      try {
        config = loadChecked(options);
        telemetry.setLevel(config.log.level);
        emit({ kind: "config.reloaded", path: options.configPath });
      } catch (error) {
        emit({ kind: "config.refused", error: messageOf(error) });
      }
    },
    async close() {
      housekeeping.close();
      await reconciler.close();
      await sandboxes.close();
      await storage.close();
      lock.release();
      await tracer.close();
      telemetry.close();
    },
  };
}

function openEngine(config: Config) {
  const lock = lockStorage(config);
  try {
    return { lock, storage: openStorage(config) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function loadChecked({ loadConfig }: ManageOptions): Config {
  const config = loadConfig();
  if (config.sandbox.require_os_sandbox) requireOsSandbox();
  return config;
}
