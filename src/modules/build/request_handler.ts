import { entryName } from "../../config/tenant_json.ts";
import { markFaulty, markPending } from "../review.ts";
import { type Attempts, attemptsUsedUp } from "../attempts.ts";
import type { ModuleInbox, ModuleRequest } from "../inbox.ts";
import { type BuiltModule, numberOf } from "../store.ts";
import { formatCount } from "../../base/count.ts";
import { adviceOf, Failure, messageOf } from "../../base/failure.ts";
import { platformReason } from "../../base/platform_reason.ts";
import type { ModuleFaultView } from "../../protocol/module_view.ts";
import { ModuleFault } from "../../sandbox/host/sandbox_failures.ts";
import { checkTableLimits } from "../../storage/table_rules.ts";
import { buildFiles } from "./build.ts";
import { type ApprovalDeps, approveModule, tableLimits } from "./deploy.ts";

interface ModuleRequestDeps extends ApprovalDeps {
  inbox: ModuleInbox;
  attempts: Attempts;
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
}

const AUTO = "auto";
/** Tries of a request that fails for an unknown reason, for example a file that cannot be written. */
const MAX_FAILURES = 5;
/** Faults of a module in comparison with the tables that are stored, or may be. */
const TABLE_FAULTS = new Set(["table-mismatch", "too-many-tables", "too-many-columns"]);
/** Failures of this machine that do not pass by themselves. */
const NO_PROGRAMS = new Set(["no-os-sandbox", "no-interpreter"]);

/** Handles the requests in the inbox: checks submitted versions and makes approved ones current. */
export class ModuleRequestHandler {
  readonly #deps: ModuleRequestDeps;
  readonly #now: () => number;
  /** How often a request has failed, by tenant and version. */
  readonly #failures = new Map<string, number>();

  constructor(deps: ModuleRequestDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
  }

  /**
   * Requests the check of versions that wait for one without a request: `serve` was killed in between,
   * or somebody removed the request.
   */
  async recover(): Promise<void> {
    const { store, inbox } = this.#deps;
    const requested = new Set((await inbox.list()).map((at) => `${at.tenant} ${at.version}`));
    for (const tenant of await store.tenants()) {
      const current = numberOf(await store.currentVersion(tenant) ?? "");
      for (const version of await store.versions(tenant)) {
        if (numberOf(version) <= current || requested.has(`${tenant} ${version}`)) continue;
        const { state } = await store.record(tenant, version);
        if (state === "checking") await inbox.add(tenant, version, { verb: "check" });
      }
    }
  }

  /**
   * Handles a request of the inbox. If it fails for a reason that may pass, it stays there. It does not
   * throw.
   * @returns whether the version became current
   */
  async handle(request: ModuleRequest): Promise<boolean> {
    const { inbox, attempts, config, emit } = this.#deps;
    const { tenant, version, verb } = request;
    const name = `${tenant}@${version}`;
    const key = `${tenant} ${version}`;
    try {
      const usedUp = attemptsUsedUp(await attempts.start(name, verb), config(), verb);
      if (usedUp !== null) throw usedUp;
      const isCurrent = await this.#handle(request);
      await inbox.remove(tenant, version);
      this.#failures.delete(key);
      emit({ kind: "problem.ended", problem: "module.request_failed", key });
      return isCurrent;
    } catch (error) {
      // Not the module's fault: the request stays in the inbox and is tried again.
      const kind = "module.request_failed";
      emit({ kind, tenant, moduleVersion: version, error: adviceOf(error) });
      // If that fails too, such as for a folder that cannot be written, it is tried again as well.
      await this.#giveUp(request, error).catch(() => {});
      return false;
    } finally {
      // It did not end `manage`.
      await attempts.end(name).catch(() => {});
    }
  }

  /**
   * Ends a request that cannot succeed, so that its author learns the reason. While the storage fails,
   * it is tried without limit.
   */
  async #giveUp(request: ModuleRequest, error: unknown): Promise<void> {
    const { inbox, store } = this.#deps;
    const { tenant, version, verb } = request;
    const key = `${tenant} ${version}`;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    if (!isPermanent(error) && (isStorage(error) || failures < MAX_FAILURES)) {
      if (failures === 1) await this.#log(request, `Cannot be checked yet: ${shownOf(error)}`);
      return;
    }
    // Without its folder there is nobody to inform.
    if ((await store.versions(tenant)).includes(version)) {
      const { state } = await store.record(tenant, version);
      const fault = { file: "tenant.json", line: 1, column: 1, message: shownOf(error) };
      if (state === "checking") await this.#markFaulty(request, [fault]);
      else await this.#log(request, `Cannot ${verb} the version: ${shownOf(error)}`);
    }
    await inbox.remove(tenant, version);
    this.#failures.delete(key);
  }

  /** @returns whether the version became current */
  async #handle(request: ModuleRequest): Promise<boolean> {
    const { store, emit, config } = this.#deps;
    const { tenant, version } = request;
    const { state } = await store.record(tenant, version);
    if (request.verb === "approve") {
      if (state === "rejected") return false;
      return await this.#approve(request, await store.built(tenant, version), request);
    }
    if (state !== "checking") return false;
    const built = await this.#build(request);
    if (Array.isArray(built)) {
      await this.#markFaulty(request, built);
      return false;
    }
    await store.keepBuilt(tenant, version, built);
    if (config().modules.approval === AUTO) {
      return await this.#approve(request, built, { by: AUTO, note: null, seen: null });
    }
    await markPending(store, request);
    await this.#log(request, "Valid; waiting for an operator's approval");
    emit({ kind: "module.pending", tenant, moduleVersion: version });
    return false;
  }

  /** Returns the built module, or its faults. */
  async #build({ tenant, version }: ModuleRequest): Promise<BuiltModule | ModuleFaultView[]> {
    try {
      const built = await buildFiles(await this.#deps.store.sources(tenant, version), "");
      // The tables that exist are counted when it is approved.
      const limits = tableLimits(this.#deps.config());
      checkTableLimits(built.declaration.tables, new Map(), limits);
      return built;
    } catch (error) {
      const faults = faultsOf(error);
      if (faults === null) throw error;
      return faults;
    }
  }

  async #approve(
    request: ModuleRequest,
    module: BuiltModule,
    { by, note, seen }: { by: string; note: string | null; seen: string | null },
  ): Promise<boolean> {
    try {
      await approveModule(this.#deps, request, module, { by, note, now: this.#now() }, seen);
      return true;
    } catch (error) {
      // What does not fit the stored tables is the module's fault: its author reads it in the log.
      if (!(error instanceof Failure) || !TABLE_FAULTS.has(error.code)) throw error;
      const message = error.code === "table-mismatch" ? error.message : adviceOf(error);
      await this.#log(request, message);
      const file = entryName(module.tenantJson.entry);
      if (by === AUTO) await this.#markFaulty(request, [{ file, line: 1, column: 1, message }]);
      return false;
    }
  }

  async #markFaulty(request: ModuleRequest, faults: ModuleFaultView[]): Promise<void> {
    const { store, emit } = this.#deps;
    const { tenant, version } = request;
    await markFaulty(store, request, faults, this.#now());
    const { file, line, column, message } = faults[0]!;
    const more = faults.length > 1 ? ` (and ${formatCount(faults.length - 1, "more fault")})` : "";
    await this.#log(request, `Faulty: ${file}:${line}:${column}: ${message}${more}`);
    emit({ kind: "module.faulty", tenant, moduleVersion: version, faults: faults.length });
  }

  async #log(request: ModuleRequest, message: string): Promise<void> {
    await this.#deps.log.appendVersion(request, message, this.#now());
  }
}

/** Returns a module's faults, or null when the error is not the module's fault. */
function faultsOf(error: unknown): ModuleFaultView[] | null {
  if (error instanceof ModuleFault) return error.faults;
  if (!(error instanceof Failure)) return null;
  if (platformReason(error) !== null && !NO_PROGRAMS.has(error.code)) return null;
  return [{ file: "tenant.json", line: 1, column: 1, message: adviceOf(error) }];
}

/** What the author of a module sees of an error. */
function shownOf(error: unknown): string {
  return platformReason(error) ?? messageOf(error);
}

function isStorage(error: unknown): boolean {
  return error instanceof Failure && error.kind === "storage";
}

/** Whether the same request fails again: its version is gone, damaged, or in another state. */
function isPermanent(error: unknown): boolean {
  if (!(error instanceof Failure)) return false;
  return error.kind === "usage" || error.kind === "refused" || error.code === "module-unreadable";
}
