import { basename } from "node:path";
import { formatCount } from "../../base/count.ts";
import { buildFiles } from "../../modules/build/build.ts";
import { testRun, type TestRunResult } from "../../modules/test_run/test_run.ts";
import { inferModule } from "../../sdk/author/infer.ts";
import type { Proposal } from "../../sdk/author/proposal.ts";
import type { AuthoredModule } from "../../sdk/author/starter.ts";
import type { CommandContext } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import type { CommandIo } from "../terminal/io.ts";
import { printable } from "../terminal/text.ts";

export interface InferFlags {
  out?: string;
  json?: boolean;
  test: boolean;
}

/** The result of running the proposed module on a sample. */
interface SampleRun {
  file: string;
  result: TestRunResult;
}

const MAX_REASONS = 5;

/**
 * Proposes a module for files, runs it on them in the sandbox, and prints it, or writes its folder.
 *
 * @param write writes a module folder and prints what it wrote
 * @returns the exit code: 1 if a sample would not be loaded
 */
export async function infer(
  { io }: CommandContext,
  flags: InferFlags,
  paths: string[],
  write: (module: AuthoredModule) => Promise<number>,
): Promise<number> {
  const { proposal, ...module } = await inferModule(paths);
  const runs = flags.test ? await runOnSamples(module, paths) : [];
  if (flags.out !== undefined) {
    const written = await write(module);
    if (written !== EXIT.done) return written;
    if (!flags.json) printFindings(io.stdout, proposal, runs);
  } else if (flags.json) io.stdout.write(`${JSON.stringify(asJson(module, proposal, runs))}\n`);
  else {
    io.stdout.write(module.ingest);
    printFindings(io.stderr, proposal, runs);
  }
  return runs.some(({ result }) => result.failure !== null) ? EXIT.incomplete : EXIT.done;
}

/** Runs the module as `module test` does. */
async function runOnSamples(module: AuthoredModule, paths: string[]): Promise<SampleRun[]> {
  const built = await buildFiles({ "ingest.ts": module.ingest }, "");
  const runs: SampleRun[] = [];
  for (const path of paths) {
    runs.push({ file: basename(path), result: await testRun(built, path, { limit: 1_000 }) });
  }
  return runs;
}

function printFindings(out: CommandIo["stdout"], proposal: Proposal, runs: SampleRun[]): void {
  const print = (text: string) => out.write(`${printable(text)}\n`);
  for (const note of proposal.notes) print(`found: ${note}`);
  print(`key: ${proposal.key.reason}`);
  for (const doubt of doubts(proposal)) print(`unsure: ${doubt}`);
  for (const { file, result } of runs) print(`test: ${file}: ${outcome(result)}`);
}

/** What the author should check, columns by name. */
function doubts({ unsure, columns }: Proposal): string[] {
  const ofColumns = columns.flatMap(({ name, decision }) => {
    return decision.unsure.map((doubt) => `${name}: ${doubt}`);
  });
  return [...unsure, ...ofColumns];
}

function outcome({ counts, rejects, failure }: TestRunResult): string {
  if (failure !== null) return failure.message;
  const rows = formatCount(counts.written, "row");
  if (counts.rejected === 0) return `${rows}, no rejects`;
  const byReason = Map.groupBy(
    rejects,
    ({ column, reason }) => column ? `${column}: ${reason}` : reason,
  );
  const reasons = [...byReason].slice(0, MAX_REASONS)
    .map(([reason, { 0: first }]) => `${reason} (line ${first?.line})`);
  return `${rows}, ${formatCount(counts.rejected, "reject")}: ${reasons.join("; ")}`;
}

function asJson(module: AuthoredModule, proposal: Proposal, runs: SampleRun[]) {
  const { records, faults, format, key, notes } = proposal;
  const keys = [...key.partition, ...key.clustering];
  return {
    files: proposal.fileNames,
    format,
    records,
    faults,
    columns: proposal.columns.map(({ name, profile, decision }) => ({
      name,
      from: profile.name,
      type: decision.type,
      options: decision.options,
      isKey: keys.includes(name),
    })),
    key,
    notes,
    unsure: doubts(proposal),
    tests: runs.map(({ file, result: { counts, failure } }) => ({
      file,
      counts,
      failure: failure && { code: failure.code, message: failure.message },
    })),
    ingest: module.ingest,
  };
}
