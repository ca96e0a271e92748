import type { Config } from "../../config/schema.ts";
import { type Attempts, attemptsUsedUp } from "../attempts.ts";
import type { TenantSecrets } from "../secrets.ts";
import type { ModuleStore } from "../store.ts";
import { notRunnable, type RequestedTestRun, type TestRuns } from "../test_runs.ts";
import { Failure, messageOf } from "../../base/failure.ts";
import { platformReason } from "../../base/platform_reason.ts";
import { canRun, type TestRun } from "../../protocol/module_view.ts";
import { runPolicy, unapprovedNotices } from "../../sandbox/host/policy.ts";
import type { Emit } from "../../telemetry/events.ts";
import { testRun, type TestRunResult } from "./test_run.ts";

export interface TestRunDeps {
  store: ModuleStore;
  testRuns: TestRuns;
  secrets: TenantSecrets;
  attempts: Attempts;
  emit: Emit;
  config: () => Config;
}

/** Rows of each table, rejects and console lines that are shown. */
const MAX_SHOWN = 20;
const MAX_CELL_CHARS = 200;
/** Characters of all rows of a result together: a module can have many tables with many columns. */
const MAX_ROWS_CHARS = 1024 * 1024;

/**
 * Runs a requested sample through its module in the sandbox. A fault of the platform is a result too:
 * nobody waits for ever. It does not throw.
 */
export async function runRequestedTest(
  deps: TestRunDeps,
  request: RequestedTestRun,
): Promise<void> {
  const { testRuns, attempts, config, emit } = deps;
  const { tenant, version, askedAt } = request;
  const name = `${tenant}@test-run`;
  const failed = (error: unknown) => {
    const kind = "module.test_run_failed";
    emit({ kind, tenant, moduleVersion: version, error: messageOf(error) });
  };
  try {
    const usedUp = attemptsUsedUp(await attempts.start(name, askedAt), config(), "run");
    if (usedUp !== null) failed(usedUp);
    const result = usedUp !== null
      ? failedRun(request, { code: usedUp.code, message: usedUp.message })
      : await run(deps, request).catch((error) => {
        failed(error);
        return failedRun(request, platformFault(error));
      });
    await testRuns.finish(request, result);
  } catch (error) {
    failed(error);
  } finally {
    // It did not end `manage`.
    await attempts.end(name).catch(() => {});
  }
}

async function run(
  { store, config, secrets }: TestRunDeps,
  request: RequestedTestRun,
): Promise<TestRun> {
  const { tenant, version, name, askedAt, sample } = request;
  const finished = () => {
    return { state: "done" as const, name, askedAt, finishedAt: new Date().toISOString() };
  };
  try {
    const { state } = await store.record(tenant, version);
    if (!canRun(state)) throw notRunnable(version, state);
    const module = await store.built(tenant, version);
    // A version that was rolled back may have been for a reason.
    const isApproved = state === "approved";
    // A native program runs without the compartment and the Worker.
    if (typeof module.tenantJson.entry !== "string" && !isApproved) throw notApproved();
    const fileBytes = (await Deno.stat(sample)).size;
    const policy = runPolicy(
      isApproved
        ? { kind: "approved test run", fileBytes, secrets: await secrets.of(tenant) }
        : { kind: "unapproved test run", fileBytes },
      module,
      config(),
    );
    const result = await testRun(module, sample, { limit: MAX_SHOWN, name, policy });
    if (!isApproved) result.notices.unshift(...unapprovedNotices(policy.permissions));
    if (result.failure !== null && platformReason(result.failure) !== null) throw result.failure;
    return { ...finished(), ...viewOf(result) };
  } catch (error) {
    if (!(error instanceof Failure) || platformReason(error) !== null) throw error;
    return failedRun(request, { code: error.code, message: error.message });
  }
}

function failedRun({ name, askedAt }: RequestedTestRun, failure: TestRun["failure"]): TestRun {
  const finishedAt = new Date().toISOString();
  const nothing = { tables: [], rejects: [], counts: null, logs: [], notices: [] };
  return { state: "done", name, askedAt, finishedAt, ...nothing, failure };
}

/** What the author of the module sees of a fault of the platform. */
function platformFault(error: unknown): NonNullable<TestRun["failure"]> {
  const code = error instanceof Failure ? error.code : "internal";
  const message =
    `Cannot run the sample: ${platformReason(error)}. The platform's operator finds ` +
    "the reason in the log";
  return { code, message };
}

function notApproved(): Failure {
  const text = "Cannot run a native program before an operator has approved it";
  return new Failure("refused", "not-approved", text);
}

function viewOf({ tables, rejects, counts, logs, notices, failure }: TestRunResult) {
  const { written: _, ...shown } = counts;
  let chars = 0;
  const fits = (row: (string | null)[]) => {
    for (const text of row) chars += text?.length ?? 0;
    return chars <= MAX_ROWS_CHARS;
  };
  return {
    tables: tables.map(({ rows, ...table }) => {
      return { ...table, rows: rows.map((row) => row.map(cell)).filter(fits) };
    }),
    rejects,
    counts: shown,
    logs: logs.slice(0, MAX_SHOWN).map((line) => line.slice(0, MAX_CELL_CHARS)),
    notices,
    failure: failure && { code: failure.code, message: failure.message },
  };
}

function cell(value: unknown): string | null {
  if (value === null) return null;
  const text = value instanceof Uint8Array ? `0x${value.toHex()}` : String(value);
  return text.slice(0, MAX_CELL_CHARS);
}
