import { basename } from "node:path";
import { formatCount } from "../../base/count.ts";
import { buildFiles } from "../../modules/build/build.ts";
import { testRun, type TestRunResult } from "../../modules/test_run/test_run.ts";
import { runPolicy } from "../../sandbox/host/policy.ts";
import { inferModule } from "../../sdk/author/infer.ts";
import type { Proposal } from "../../sdk/author/proposal.ts";
import type { AuthoredModule } from "../../sdk/author/starter.ts";
import type { ProposedVersions, VersionsChoice } from "../../sdk/author/versions_proposal.ts";
import { type CommandContext, settingsOf } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import type { CommandIo } from "../terminal/io.ts";
import { readLine } from "../terminal/confirm.ts";
import { printable } from "../terminal/text.ts";

export interface InferFlags {
  out?: string;
  json?: boolean;
  test: boolean;
  versions?: VersionsChoice;
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
  const { proposal, ...module } = await inferModule(paths, (proposed) => {
    return chooseVersions(io, flags, proposed);
  });
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

/** The author's choice: the flag, or on a terminal the answer if the samples do not show it. */
async function chooseVersions(
  { stdin, stderr }: CommandIo,
  { versions, json }: InferFlags,
  { isOpen }: ProposedVersions,
): Promise<VersionsChoice | undefined> {
  const canAsk = stdin.isTerminal && stderr.isTerminal && !json;
  if (versions !== undefined || !isOpen || !canAsk) return versions;
  stderr.write(VERSIONS_QUESTION);
  for (;;) {
    const answer = (await readLine(stdin)).trim().toLowerCase();
    if (answer === "") return undefined;
    const choice = VERSIONS_CHOICES.find((each) => each.startsWith(answer));
    if (choice !== undefined) return choice;
    stderr.write("Type a or r: ");
  }
}

const VERSIONS_CHOICES = ["add", "replace"] as const;
const VERSIONS_QUESTION =
  `The records have no key. If a file is sent again, corrected or longer, under the
same name, what happens to the rows of its earlier version?
  a  add: they stay beside the new ones (for files that are never sent again)
  r  replace: they are removed when the new ones are stored
Type a or r [a]: `;

/** Runs the module as `module test` does. */
async function runOnSamples(module: AuthoredModule, paths: string[]): Promise<SampleRun[]> {
  const built = await buildFiles({ "ingest.ts": module.ingest }, "");
  const config = settingsOf({});
  const runs: SampleRun[] = [];
  for (const path of paths) {
    const fileBytes = (await Deno.stat(path)).size;
    const policy = runPolicy({ kind: "author test", fileBytes, secrets: {} }, built, config);
    runs.push({
      file: basename(path),
      result: await testRun(built, path, { limit: 1_000, policy }),
    });
  }
  return runs;
}

function printFindings(out: CommandIo["stdout"], proposal: Proposal, runs: SampleRun[]): void {
  const print = (text: string) => out.write(`${printable(text)}\n`);
  for (const note of proposal.notes) print(`found: ${note}`);
  print(`key: ${proposal.key.reason}`);
  const { choice, reason, isOpen } = proposal.versions;
  if (!isOpen) print(`versions: ${choice}: ${reason}`);
  for (const doubt of doubts(proposal)) print(`unsure: ${doubt}`);
  for (const { file, result } of runs) print(`test: ${file}: ${outcome(result)}`);
}

/** What the author should check, columns by name. */
function doubts({ unsure, columns, versions }: Proposal): string[] {
  const ofColumns = columns.flatMap(({ name, decision }) => {
    return decision.unsure.map((doubt) => `${name}: ${doubt}`);
  });
  const ofVersions = versions.isOpen ? [`versions: ${versions.reason}`] : [];
  return [...ofVersions, ...unsure, ...ofColumns];
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
  const { records, faults, format, key, notes, versions: { choice, reason } } = proposal;
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
    versions: { choice, reason },
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
