import type { Config } from "../../config/schema.ts";
import { capLimits } from "../../config/tenant_json.ts";
import { type BuiltModule, type ModuleStore } from "../store.ts";
import type { RequestedTestRun, TestRuns } from "../test_runs.ts";
import { Failure, messageOf } from "../../base/failure.ts";
import type { TestRun } from "../../protocol/module_view.ts";
import type { Emit } from "../../telemetry/events.ts";
import { type TestRunResult, tryFile } from "./test_run.ts";

/** What test runs need. */
interface TestRunnerDeps {
  store: ModuleStore;
  testRuns: TestRuns;
  emit: Emit;
  config: () => Config;
}

/** Rows of each table, rejects and lines of the console that are shown. */
const SHOWN = 20;
const MAX_CELL_CHARS = 200;
/** A sample is small: what takes longer than this is not worth waiting for. */
const MAX_SECONDS = 30;

/** Runs customers' samples through their modules in the sandbox, one after the other. */
export class TestRunner {
  readonly #parts: TestRunnerDeps;

  constructor(parts: TestRunnerDeps) {
    this.#parts = parts;
  }

  /** Works off all that is asked for. */
  async work(): Promise<void> {
    const { testRuns, emit } = this.#parts;
    for (const asked of await testRuns.list()) {
      try {
        await testRuns.finish(asked, await this.#run(asked));
      } catch (error) {
        const { tenant, version } = asked;
        const message = messageOf(error);
        emit({ kind: "module.unchecked", tenant, moduleVersion: version, error: message });
      }
    }
  }

  async #run(asked: RequestedTestRun): Promise<TestRun> {
    const { tenant, version, name, askedAt, sample } = asked;
    const base = { state: "done" as const, name, askedAt, finishedAt: new Date().toISOString() };
    try {
      const module = this.#capped(await this.#parts.store.built(tenant, version));
      const { state } = await this.#parts.store.record(tenant, version);
      // The compartment and the Worker are not around a native program.
      if (typeof module.tenantJson.entry !== "string" && state !== "approved") throw notYet();
      const result = await tryFile(module, sample, SHOWN, name);
      return { ...base, finishedAt: new Date().toISOString(), ...viewOf(result) };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const failure = { code: error.code, message: error.message };
      return { ...base, tables: [], rejects: [], counts: null, logs: [], failure };
    }
  }

  #capped(module: BuiltModule): BuiltModule {
    const limits = capLimits(module.tenantJson.limits, this.#parts.config().sandbox);
    const secondsPerFile = Math.min(limits.secondsPerFile, MAX_SECONDS);
    return {
      ...module,
      tenantJson: { ...module.tenantJson, limits: { ...limits, secondsPerFile } },
    };
  }
}

function notYet(): Failure {
  const text = "Cannot try a native program that nobody has approved yet";
  return new Failure("refused", "not-approved", text);
}

function viewOf({ tables, rejects, counts, logs, failure }: TestRunResult) {
  return {
    tables: tables.map(({ rows, ...table }) => ({
      ...table,
      rows: rows.map((row) => row.map(cell)),
    })),
    rejects,
    counts: {
      read: counts.read,
      stored: counts.stored,
      rejected: counts.rejected,
      skipped: counts.skipped,
    },
    logs: logs.slice(0, SHOWN).map((line) => line.slice(0, MAX_CELL_CHARS)),
    failure: failure && { code: failure.code, message: failure.message },
  };
}

function cell(value: unknown): string | null {
  if (value === null) return null;
  const text = value instanceof Uint8Array ? `0x${value.toHex()}` : String(value);
  return text.slice(0, MAX_CELL_CHARS);
}
