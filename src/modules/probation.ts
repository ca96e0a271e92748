import type { Config } from "../config/schema.ts";
import { rollBack } from "./review.ts";
import type { ModuleLog } from "./module_log.ts";
import type { ModuleStore, TenantVersion } from "./store.ts";
import type { Emit } from "../telemetry/events.ts";

interface ProbationDeps {
  modules: ModuleStore;
  log: ModuleLog;
  emit: Emit;
  config: () => Config;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** How a version did on one file. */
interface FileResult extends TenantVersion {
  fileId: string;
  /** Why the file failed; null when it was loaded. */
  reason: string | null;
}

const BY = "auto";

/**
 * Watches the first files of each new version. When `modules.probation_files` of them fail and none
 * is loaded, the previous version becomes current again.
 */
export class Probation {
  readonly #deps: ProbationDeps;
  /** The versions that are past their probation, by tenant. */
  readonly #proven = new Map<string, string>();

  constructor(deps: ProbationDeps) {
    this.#deps = deps;
  }

  /** Counts the result of a file. Call it before the tenant's next file starts. */
  async count(result: FileResult): Promise<void> {
    const { tenant, version, fileId, reason } = result;
    if (this.#proven.get(tenant) === version) return;
    const { modules, config } = this.#deps;
    const limit = config().modules.probation_files;
    const failed = await modules.locked(tenant, async () => {
      const record = await modules.record(tenant, version);
      const onProbation = record.failedFiles !== null;
      if (!onProbation || limit === 0 || reason === null) {
        if (onProbation) await modules.write(tenant, { ...record, failedFiles: null });
        this.#proven.set(tenant, version);
        return [];
      }
      const failedFiles = [...new Set([...record.failedFiles ?? [], fileId])];
      await modules.write(tenant, { ...record, failedFiles });
      return failedFiles;
    });
    if (limit > 0 && failed.length >= limit) await this.#rollBack(result, failed);
  }

  async #rollBack(result: FileResult, failed: string[]): Promise<void> {
    const { tenant, version, reason } = result;
    const { modules, log, emit, now } = this.#deps;
    const files = failed.length === 1 ? "first file" : `first ${failed.length} files`;
    const note = `its ${files} failed, the last one with: ${reason}`;
    const done = await rollBack(modules, tenant, null, { by: BY, note, now: now() }, version);
    if (done === null) return;
    const to = done.to.version;
    await log.appendVersion(result, `Rolled back to ${to}: ${note}`, now());
    emit({ kind: "module.rolled_back", tenant, moduleVersion: version, to, by: BY, note, failed });
  }
}
