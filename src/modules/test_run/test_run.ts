import { basename } from "node:path";
import { Failure } from "../../base/failure.ts";
import type { RejectView, RowCounts } from "../../protocol/file_view.ts";
import { decodeBatch } from "../../batch/batch.ts";
import type { Value } from "../../batch/column.ts";
import { takesFile } from "../../sandbox/wire/file_patterns.ts";
import { Sandbox } from "../../sandbox/host/sandbox.ts";
import type { BuiltModule } from "../store.ts";
import { hostGate } from "../../sandbox/host/host_gate.ts";
import { nothingStored } from "../../sandbox/host/nothing_stored.ts";
import { OutputLimit } from "../../sandbox/host/output_limit.ts";
import { Outbound } from "../../sandbox/host/outbound.ts";
import type { RunPolicy } from "../../sandbox/host/policy.ts";
import { readPieces, sha256OfFile } from "../../base/read_file.ts";
import { moduleRun } from "../build/program_module.ts";
import { WrittenNulls } from "./written_nulls.ts";

/** The result of running a module on a file without storing anything. */
export interface TestRunResult {
  /** The first rows of each table, as they would be stored. */
  tables: { table: string; columns: string[]; rows: Value[][]; total: number }[];
  /** The first rejects. */
  rejects: RejectView[];
  counts: RowCounts;
  /** How long the sandbox ran. */
  seconds: number;
  /** What the module wrote to its console. */
  logs: string[];
  /** Remarks about the file. */
  notices: string[];
  /** Why the file would not be loaded; null when it would. */
  failure: Failure | null;
}

interface TestRunOptions {
  /** Maximum number of rows of each table, and of rejects, to return. */
  limit: number;
  /** The file name that the module sees. @default the name in the path */
  name?: string;
  /** What the run may use. */
  policy: RunPolicy;
}

/**
 * Runs a module on a file in the real sandbox and stores nothing. Faults of the file or the module
 * are part of the result.
 *
 * @throws {Failure} `no-such-file`
 */
export async function testRun(
  module: BuiltModule,
  path: string,
  { limit, name = basename(path), policy }: TestRunOptions,
): Promise<TestRunResult> {
  const { tables: specs } = policy;
  const tables: TestRunResult["tables"] = specs.map(({ name, columns }) => {
    return { table: name, columns: columns.map((column) => column.name), rows: [], total: 0 };
  });
  const result: TestRunResult = {
    tables,
    rejects: [],
    counts: { read: 0, stored: 0, replaced: 0, rejected: 0, skipped: 0, written: 0 },
    seconds: 0,
    logs: [],
    notices: versionNotices(module, name),
    failure: null,
  };
  const sha256 = await hashOf(path);
  if (!takesFile(module.declaration, name)) {
    result.failure = wrongName(module.declaration.files);
    return result;
  }
  const log = (text: string) => void result.logs.push(text);
  const run = moduleRun(module, { name, open: () => readPieces(path) }, policy, log);
  const started = performance.now();
  const nulls = new WrittenNulls();
  const output = new OutputLimit(policy.maxOutputBytes);
  const sandbox = Sandbox.spawn();
  const total = policy.totalSeconds;
  let isLate = false;
  const late = total === null ? undefined : setTimeout(() => {
    isLate = true;
    run.kill();
    sandbox.kill();
  }, total * 1000);
  try {
    result.counts = await sandbox.ingest({
      ...run.job,
      fileName: name,
      sha256,
      ...module.declaration,
      tables: specs,
      grants: policy.grants,
      limits: policy,
      maxRecordChars: policy.maxRecordChars,
      maxInputBytes: policy.maxInputBytes,
      maxWholeBytes: policy.maxWholeBytes,
    }, {
      batch: (bytes) => {
        output.add(bytes.length);
        const { table, rows, columns } = decodeBatch(bytes, specs);
        nulls.add(table, columns, rows);
        const shown = tables.find((one) => one.table === table.name);
        for (let i = 0; shown && i < rows && shown.rows.length < limit; i++) {
          shown.rows.push(columns.map((column) => column[i] ?? null));
        }
        if (shown) shown.total += rows;
        return Promise.resolve();
      },
      rejects: (found) => {
        result.rejects.push(...found.slice(0, Math.max(0, limit - result.rejects.length)));
        return Promise.resolve();
      },
      notices: (found) => result.notices.push(...found),
      log,
      answer: hostGate({
        permissions: policy.permissions,
        tables: module.declaration.tables,
        // A test run has no storage: lookups find nothing.
        lookUp: (_table, keys) => Promise.resolve(keys.map(() => null)),
        outbound: new Outbound(policy.outbound),
      }),
    });
    result.notices.push(...nulls.notices());
    result.failure = overShare(result.counts, policy.rejectShare) ??
      nothingStored(result.counts, module.declaration);
  } catch (error) {
    if (isLate && total !== null) result.failure = tookTooLong(total);
    else if (error instanceof Failure) result.failure = error;
    else throw error;
  } finally {
    clearTimeout(late);
    result.seconds = (performance.now() - started) / 1000;
    await run.close();
  }
  return result;
}

function versionNotices({ declaration }: BuiltModule, name: string): string[] {
  if (declaration.versions === "add") return [];
  return [`rows of earlier versions of "${name}" would be removed (versions: "replace")`];
}

function wrongName(patterns: string[]): Failure {
  const text = `Cannot load the file: the module takes only files named ${patterns.join(", ")}`;
  return new Failure("refused", "no-pattern", text, {
    hint: 'Rename the file, or change "files" in the module.',
  });
}

function tookTooLong(seconds: number): Failure {
  const text = `Cannot load the file: the test run took longer than ${seconds} seconds`;
  return new Failure("refused", "sandbox-time", text, {
    hint: "Use a smaller sample, and fewer or faster requests.",
  });
}

function overShare({ read, rejected }: RowCounts, share: number): Failure | null {
  if (rejected <= share * read) return null;
  const text = `Cannot load the file: ${rejected} of ${read} records were rejected`;
  return new Failure("refused", "reject-share", text, {
    hint: `Fix the records, or raise "rejectShare" in tenant.json (${100 * share} %).`,
  });
}

async function hashOf(path: string): Promise<string> {
  try {
    return await sha256OfFile(path);
  } catch (error) {
    throw new Failure("usage", "no-such-file", `Cannot read the file "${path}"`, {
      hint: "Check the path and its permissions.",
      cause: error,
    });
  }
}
