import { adviceOf, messageOf } from "../base/failure.ts";
import { retry } from "../base/retry.ts";
import { beforeStop, holdSignals, onHangup, signalled } from "../base/signals.ts";
import { cgroupsState } from "../sandbox/os/cgroups.ts";
import { findOwnLayers } from "../sandbox/os/own_layers.ts";
import { killLeftSandboxes } from "../sandbox/host/process_tree.ts";
import { waitingFiles } from "../staging/staged.ts";
import type { Emit } from "../telemetry/events.ts";
import { serviceManager } from "../telemetry/service_manager.ts";
import { withRoom } from "../telemetry/with_room.ts";
import { type Manage, type ManageOptions, openManage } from "./open.ts";
import { reportFaults } from "../upkeep/handwritten.ts";
import { type FolderWatch, watchFolder } from "./watch.ts";

/** How a run ended; `incomplete`: files failed or are still waiting. */
export type ManageResult = "done" | "incomplete" | "storage-failed";

/**
 * Loads files from staging: with `once` the present ones, otherwise until SIGTERM or SIGINT.
 *
 * @throws {Failure} those of {@link openManage}; with `once` also when the storage does not answer
 *
 * @example
 * ```ts ignore
 * import { loadConfig } from "../config/load.ts";
 * const result = await runManage({ loadConfig: () => loadConfig(), configPath: null, once: true });
 * ```
 */
export async function runManage(options: ManageOptions): Promise<ManageResult> {
  const stopAsked = listenForSignals(options);
  const result = await beforeStop(start(options), stopAsked);
  // No file has been started yet, and what was opened ends with the process.
  if (result === null) return options.once ? "incomplete" : "done";
  const { manage, end } = result;
  try {
    return options.once ? await drain(manage, stopAsked) : await runUntilStopped(manage, stopAsked);
  } finally {
    await end();
  }
}

/** First of all: a signal without a listener ends the process. @returns resolves at SIGTERM or SIGINT */
function listenForSignals({ once }: ManageOptions): Promise<void> {
  if (!once) {
    holdSignals();
    return signalled(["SIGTERM", "SIGINT"]);
  }
  // A run that ends by itself does not reload.
  return signalled(["SIGTERM", "SIGINT", "SIGHUP"]);
}

/** Opens everything, and recovers what an earlier run left. */
async function start(options: ManageOptions) {
  const manage = await openManage(options);
  const { storage, service, housekeeping, reconciler, emit, config, disk, layout } = manage;
  emit({
    kind: "manage.started",
    engine: config().storage.url.split(":")[0] ?? "",
    concurrency: config().manage.concurrency,
    once: options.once,
  });
  const endReports = await housekeeping.startReports();
  const checking = reportFaults(manage.layout, emit);
  const end = async () => {
    await checking;
    await endReports();
    await manage.close();
  };
  try {
    // Both take a while, so the sandbox starts while the storage is being contacted.
    const sandboxReady = reportLayers(emit).then(() => housekeeping.report())
      .then(() => warmSandbox(manage));
    await answered(manage, options, () => storage.ready()).finally(() => sandboxReady);
    await housekeeping.checkDisk();
    const begin = async () => {
      await service.recover();
      await reconciler.check(FIRST_CHECK_MS);
      await housekeeping.sweep();
    };
    const room = { disk, folder: layout.root, emit, isOnce: options.once };
    await answered(manage, options, () => withRoom(begin, room));
    return { manage, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Repeats work while the storage does not answer, and reports that; with `once` it is not repeated. */
async function answered(
  { emit }: Manage,
  { once }: ManageOptions,
  work: () => Promise<void>,
): Promise<void> {
  await retry(work, {
    attempts: once ? 1 : Infinity,
    firstDelay: 1_000,
    onWait: (failure) => emit({ kind: "storage.waiting", error: adviceOf(failure) }),
  });
  emit({ kind: "problem.ended", problem: "storage.waiting", key: "" });
}

/** Milliseconds of the comparison at the start; it continues in the periodic ones. */
const FIRST_CHECK_MS = 3_000;

const INNER_LAYERS = "compartment, Worker without permissions, process with limits";

async function reportLayers(emit: Emit): Promise<void> {
  killLeftSandboxes();
  // First: a process that may have children cannot leave its control group to them.
  const groups = cgroupsState();
  const { around, description, missing } = await findOwnLayers();
  const names = [INNER_LAYERS, description, groups.active ? "control groups" : ""];
  const layers = names.filter((part) => part !== "").join(", ");
  const noNativePrograms = around.active ? undefined : around.why;
  const noControlGroups = groups.active ? undefined : groups.why;
  const found = { layers, noNativePrograms, noControlGroups };
  if (missing === null) emit({ kind: "sandbox.layers", ...found });
  else emit({ kind: "sandbox.without_os", ...found, why: missing });
}

async function warmSandbox({ layout, sandboxes }: Manage): Promise<void> {
  if ((await waitingFiles(layout)).size > 0) sandboxes.warm();
}

/** Loads what is in staging; a signal ends it early. */
async function drain(
  { service, moduleWork, config }: Manage,
  stopAsked: Promise<void>,
): Promise<ManageResult> {
  let ending: Promise<void> | null = null;
  void stopAsked.then(() => ending = service.shutDown(config().manage.drain_seconds * 1000));
  await moduleWork.drain();
  const sums = await service.drain();
  await ending;
  if (sums.storageFailed) return "storage-failed";
  return sums.failed + sums.waiting > 0 ? "incomplete" : "done";
}

async function runUntilStopped(manage: Manage, stopAsked: Promise<void>): Promise<"done"> {
  const { service, moduleWork, emit, config, housekeeping, reconciler } = manage;
  const systemd = serviceManager();
  try {
    void recoverRequests(manage);
    const watches = [watchStaging(manage), watchInbox(manage)];
    const stopHousekeeping = await housekeeping.start();
    const stopReconciling = reconciler.start(() => void service.scan());
    systemd.ready(READY);
    emit({ kind: "manage.ready" });
    const stopReloads = onHangup(() => {
      systemd.reloading();
      manage.reload();
      systemd.ready(READY);
    });
    await stopAsked;
    stopReloads();
    stopHousekeeping();
    emit({ kind: "manage.draining", running: service.running });
    const { drain_seconds: drainSeconds } = config().manage;
    systemd.stopping(`finishing ${service.running} running files`, drainSeconds);
    await stopReconciling();
    for (const watch of watches) await watch.close();
    await Promise.all([service.shutDown(drainSeconds * 1000), moduleWork.close()]);
    emit({ kind: "manage.stopped", running: service.running });
    return "done";
  } finally {
    systemd.close();
  }
}

const READY = "loading files as they arrive";

function watchStaging(manage: Manage): FolderWatch {
  return watch(manage, manage.layout.folder("staging"), () => manage.service.scan());
}

async function recoverRequests({ moduleRequests, inbox, emit }: Manage): Promise<void> {
  try {
    await moduleRequests.recover();
  } catch (error) {
    emit({ kind: "scan.failed", dir: inbox.folder, error: messageOf(error) });
  }
}

/** Checks modules as they are submitted; files that wait for an approved one are then loaded. */
function watchInbox(manage: Manage): FolderWatch {
  return watch(manage, manage.inbox.folder, () => manage.moduleWork.look());
}

function watch(
  { emit, config }: Manage,
  dir: string,
  onHint: () => Promise<void>,
): FolderWatch {
  return watchFolder(dir, {
    onHint,
    onError: (error) => emit({ kind: "watch.lost", dir, error: messageOf(error) }),
    onWatching: () => emit({ kind: "problem.ended", problem: "watch.lost", key: dir }),
    scanSeconds: () => config().manage.scan_seconds,
  });
}
