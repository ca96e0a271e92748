import { basename } from "node:path";
import { Failure } from "../../base/failure.ts";
import type { RejectView, RowCounts } from "../../protocol/file_view.ts";
import { decodeBatch } from "../../batch/batch.ts";
import type { Value } from "../../batch/column.ts";
import { takesFile } from "../../sandbox/wire/file_patterns.ts";
import { Sandbox } from "../../sandbox/host/sandbox.ts";
import type { BuiltModule } from "../store.ts";
import { grantsOf, hostGate, writableTables } from "../../sandbox/host/host_gate.ts";
import { nothingStored } from "../../sandbox/host/nothing_stored.ts";
import { Outbound } from "../../sandbox/host/outbound.ts";
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

/** The platform's defaults, but any public host that tenant.json names is allowed. */
const OUTBOUND = {
  hosts: ["*"],
  privateHosts: [],
  seconds: 10,
  maxBytes: 1024 * 1024,
  maxRequests: 1_000,
};
const MAX_RECORD_CHARS = 1024 * 1024;
const MAX_INPUT_BYTES = 2 ** 40;
const MAX_WHOLE_BYTES = 64 * 1024 ** 2;

interface TestRunOptions {
  /** Maximum number of rows of each table, and of rejects, to return. */
  limit: number;
  /** The file name that the module sees. @default the name in the path */
  name?: string;
  /** Values for `ctx.secret`. @default none */
  secrets?: Record<string, string>;
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
  { limit, name = basename(path), secrets = {} }: TestRunOptions,
): Promise<TestRunResult> {
  const { tables: declared } = module.declaration;
  const { permissions } = module.tenantJson;
  const specs = writableTables(declared, permissions);
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
  const { memoryMb, secondsPerFile, rejectShare } = module.tenantJson.limits;
  const limits = { memoryBytes: memoryMb * 1024 ** 2, seconds: secondsPerFile };
  const log = (text: string) => void result.logs.push(text);
  const run = moduleRun(module, { name, open: () => readPieces(path) }, limits, log);
  const started = performance.now();
  const nulls = new WrittenNulls();
  try {
    result.counts = await Sandbox.spawn().ingest({
      ...run.job,
      fileName: name,
      sha256,
      ...module.declaration,
      tables: specs,
      grants: grantsOf(permissions, secrets),
      limits,
      maxRecordChars: MAX_RECORD_CHARS,
      maxInputBytes: MAX_INPUT_BYTES,
      maxWholeBytes: MAX_WHOLE_BYTES,
    }, {
      batch: (bytes) => {
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
        permissions,
        tables: declared,
        // A test run has no storage: lookups find nothing.
        lookUp: (_table, keys) => Promise.resolve(keys.map(() => null)),
        outbound: new Outbound(OUTBOUND),
      }),
    });
    result.notices.push(...nulls.notices());
    result.failure = overShare(result.counts, rejectShare) ??
      nothingStored(result.counts, module.declaration);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    result.failure = error;
  } finally {
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
