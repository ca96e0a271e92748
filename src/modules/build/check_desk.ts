import { entryName } from "../../config/tenant_json.ts";
import type { Config } from "../../config/schema.ts";
import { approveVersion, markFaulty, markPending, type Promotion } from "../review.ts";
import type { AskedVersion, ModuleInbox } from "../inbox.ts";
import { type ModuleLog, versionEntry } from "../module_log.ts";
import type { BuiltModule, ModuleStore } from "../store.ts";
import { Failure, messageOf } from "../../base/failure.ts";
import type { ModuleFaultView } from "../../protocol/module_view.ts";
import { ModuleFault } from "../../sandbox/host/supervisor.ts";
import type { Storage } from "../../storage/contract.ts";
import type { Emit } from "../../telemetry/events.ts";
import { buildFiles } from "./build.ts";

/** What working on submitted modules needs. */
interface DeskParts {
  store: ModuleStore;
  inbox: ModuleInbox;
  log: ModuleLog;
  storage: Pick<Storage, "ensureKeyspace" | "ensureTables">;
  emit: Emit;
  config: () => Config;
  /** Milliseconds since the epoch. @default Date.now */
  now?: () => number;
}

const AUTO = "auto";

/**
 * Works off what `serve` asks about modules: builds and checks what customers submitted, in a
 * sandbox, and makes approved versions current.
 */
export class ModuleDesk {
  readonly #parts: DeskParts;
  readonly #now: () => number;
  #working: Promise<number> | null = null;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
  }

  /** Works off all that is there. @returns how many versions became current */
  work(): Promise<number> {
    return this.#working ??= this.#work().finally(() => this.#working = null);
  }

  async #work(): Promise<number> {
    const { inbox, emit } = this.#parts;
    let promoted = 0;
    for (const asked of await inbox.list()) {
      try {
        if (await this.#serve(asked)) promoted++;
        await inbox.done(asked.tenant, asked.version);
      } catch (error) {
        // Ours or the storage's fault: it stays in the inbox for the next look.
        const { tenant, version } = asked;
        emit({
          kind: "module.unchecked",
          tenant,
          moduleVersion: version,
          error: messageOf(error),
        });
      }
    }
    return promoted;
  }

  async #serve({ tenant, version, ask }: AskedVersion): Promise<boolean> {
    const { store } = this.#parts;
    const record = await store.record(tenant, version);
    if (ask.verb === "approve") {
      if (record.state === "rejected") return false;
      const module = await store.built(tenant, version);
      return await this.#approve(tenant, version, module, ask.by, ask.note);
    }
    if (record.state !== "checking") return false;
    const built = await this.#build(tenant, version);
    if (Array.isArray(built)) {
      await this.#faulty(tenant, version, built);
      return false;
    }
    await store.keepBuilt(tenant, version, built);
    if (this.#parts.config().modules.approval === AUTO) {
      return await this.#approve(tenant, version, built, AUTO, null);
    }
    await markPending(store, tenant, version);
    await this.#tell(tenant, version, "it is valid and waits for an operator's approval");
    this.#parts.emit({ kind: "module.pending", tenant, moduleVersion: version });
    return false;
  }

  /** The module, or what is wrong with it. */
  async #build(tenant: string, version: string): Promise<BuiltModule | ModuleFaultView[]> {
    try {
      return await buildFiles(await this.#parts.store.sources(tenant, version), "");
    } catch (error) {
      const faults = faultsOf(error);
      if (faults === null) throw error;
      return faults;
    }
  }

  async #approve(
    tenant: string,
    version: string,
    module: BuiltModule,
    by: string,
    note: string | null,
  ): Promise<boolean> {
    try {
      await approveModule(this.#parts, tenant, version, module, { by, note, now: this.#now() });
      return true;
    } catch (error) {
      // What the stored tables forbid is the module's fault; nobody waits for an answer here.
      if (!(error instanceof Failure) || error.code !== "table-mismatch") throw error;
      const fault = {
        file: entryName(module.tenantJson.entry),
        line: 1,
        column: 1,
        message: error.message,
      };
      await this.#tell(tenant, version, error.message);
      if (by === AUTO) await this.#faulty(tenant, version, [fault]);
      return false;
    }
  }

  async #faulty(tenant: string, version: string, faults: ModuleFaultView[]): Promise<void> {
    const { store, emit } = this.#parts;
    await markFaulty(store, tenant, version, faults, this.#now());
    const { file, line, column, message } = faults[0]!;
    await this.#tell(tenant, version, `it is faulty: ${file}:${line}:${column}: ${message}`);
    emit({ kind: "module.faulty", tenant, moduleVersion: version, faults: faults.length });
  }

  async #tell(tenant: string, version: string, message: string): Promise<void> {
    await this.#parts.log.append(tenant, [versionEntry(version, message, this.#now())]);
  }
}

/**
 * Makes a module's tables and makes it current, and tells so.
 * @throws {Failure} `table-mismatch`, `wrong-version-state`
 */
export async function approveModule(
  { store, storage, log, emit }: Pick<DeskParts, "store" | "storage" | "log" | "emit">,
  tenant: string,
  version: string,
  module: BuiltModule,
  decision: { by: string; note: string | null; now: number },
): Promise<Promotion> {
  await storage.ensureKeyspace(tenant);
  await storage.ensureTables(tenant, module.declaration.tables);
  const promotion = await approveVersion(store, tenant, version, decision);
  const { by, now } = decision;
  const text = `it was approved by ${by} and runs from the next file on`;
  await log.append(tenant, [versionEntry(version, text, now)]);
  emit({ kind: "module.deployed", tenant, moduleVersion: version, by });
  return promotion;
}

/** What is wrong with a module, each with its place; null where it is not the module's fault. */
function faultsOf(error: unknown): ModuleFaultView[] | null {
  if (error instanceof ModuleFault) return error.faults;
  if (!(error instanceof Failure) || error.kind === "internal") return null;
  const { line, column } = error.details;
  // Its place is told beside it.
  const text = error.message.replace(/^Cannot deploy the module:\n\S+:\d+:\d+: /, "");
  const message = error.hint ? `${text}. ${error.hint}` : text;
  return [{ file: "tenant.json", line: Number(line ?? 1), column: Number(column ?? 1), message }];
}
