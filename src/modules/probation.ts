import type { Config } from "../config/schema.ts";
import { rollBack } from "./review.ts";
import { type ModuleLog, versionEntry } from "./module_log.ts";
import type { ModuleStore } from "./store.ts";
import type { Emit } from "../telemetry/events.ts";

interface ProbationParts {
  modules: ModuleStore;
  log: ModuleLog;
  emit: Emit;
  config: () => Config;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** How one of a version's files ended. */
interface Ended {
  tenant: string;
  version: string;
  fileId: string;
  /** Why it did not get in; null when it did. */
  reason: string | null;
}

const BY = "auto";

/**
 * Watches the first files of each new version: where all of them fail, the version before takes its
 * place again.
 */
export class Probation {
  readonly #parts: ProbationParts;
  /** Versions that need no watching any more, by tenant. */
  readonly #proven = new Map<string, string>();

  constructor(parts: ProbationParts) {
    this.#parts = parts;
  }

  /** Takes how a file ended. To be called before the tenant's next file begins. */
  async count(ended: Ended): Promise<void> {
    const { tenant, version, fileId, reason } = ended;
    if (this.#proven.get(tenant) === version) return;
    const { modules, config } = this.#parts;
    const most = config().modules.probation_files;
    const failed = await modules.locked(tenant, async () => {
      const record = await modules.record(tenant, version);
      const onProbation = record.failedFiles !== null;
      if (!onProbation || most === 0 || reason === null) {
        if (onProbation) await modules.write(tenant, { ...record, failedFiles: null });
        this.#proven.set(tenant, version);
        return [];
      }
      const failedFiles = [...new Set([...record.failedFiles ?? [], fileId])];
      await modules.write(tenant, { ...record, failedFiles });
      return failedFiles;
    });
    if (most > 0 && failed.length >= most) await this.#takeBack(ended, failed);
  }

  async #takeBack({ tenant, version, reason }: Ended, failed: string[]): Promise<void> {
    const { modules, log, emit, now } = this.#parts;
    const files = failed.length === 1 ? "first file" : `first ${failed.length} files`;
    const note = `its ${files} failed, the last one with: ${reason}`;
    const done = await rollBack(modules, tenant, null, { by: BY, note, now: now() }, version);
    if (done === null) return;
    const to = done.to.version;
    await log.append(tenant, [
      versionEntry(version, `it was rolled back to ${to}: ${note}`, now()),
    ]);
    emit({ kind: "module.rolled_back", tenant, moduleVersion: version, to, by: BY, note, failed });
  }
}
