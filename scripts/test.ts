/**
 * `deno task test [FILTER-OR-PATH…]`: builds the binary, then runs every test. Most files run in
 * parallel; files that need a quiet machine, one cluster or a browser follow in groups of their own.
 * `deno task test:quick` runs only the files that need no binary, browser or Cassandra.
 *
 * Files with a few failures run a second time by themselves, and what passes only then is listed.
 * Whatever the tests leave running is ended, also after a failure or Ctrl-C. The failures are
 * repeated at the end, and the last line is `N passed, N failed`.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { clusterFolder } from "./cassandra/cluster.ts";
import { endLeftovers, TEST_RUN } from "./leftovers.ts";

const ROOT = join(import.meta.dirname ?? ".", "..");
const RUN_ID = crypto.randomUUID();

/** Files that measure processor time, or fill the machine themselves: nothing else may run beside them. */
const TIMING = /timing_test|fair_shares_test/;
/** What files import that measure how long others wait during an attack: the machine must be quiet. */
const AWAKE = 'from "./awake.ts"';
/** Files that share one cluster. */
const CASSANDRA = /cassandra/;
/** Files that end nodes which the others share. */
const LAST = /cassandra_nodes_test/;
/** Files that build programs, fill a disk, drive a browser, or use up memory and time on purpose. */
const HEAVY =
  /release_test|package_test|full_disk_test|interventions_test|dashboard|attack\/(layers|memory)|burst_test/;
/** Files that compile programs themselves. */
const BUILDS = /release_test|package_test|attack\/layers_test/;
/** A test file that imports one of these needs the binary, a browser or Cassandra. */
const NEEDS_MORE = /tests\/(harness\/(process|cassandra)|dashboard\/browser)\.ts$/;
const FLAGS = ["--allow-all", "--node-modules-dir=auto", "--no-check", "--no-prompt"];
/** More failures than this are no accident: the files are not run again. */
const MAX_RERUN_FAILURES = 5;
/** How often tests of `test:quick` repeat what they kill or draw at random. */
const QUICK_ROUNDS = "8";

interface Outcome {
  passed: number;
  failed: number;
  ignored: number;
  /** The runner's report of the failures. */
  failures: string;
  /** The files that contain them. */
  files: string[];
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

/** Prints what a stream brings, at once or when it ends. */
async function print(stream: ReadableStream<Uint8Array>, atEnd = false): Promise<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (!atEnd) write(part);
  }
  if (atEnd) write(text);
  return text;
}

/** After a signal, nothing more is started. */
let isStopped = false;

async function deno(args: string[], atEnd = false): Promise<{ success: boolean; output: string }> {
  if (isStopped) await new Promise(() => {});
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: {
      [TEST_RUN]: RUN_ID,
      // The runner's own backtrace says nothing about a test that failed.
      RUST_BACKTRACE: "0",
      // More than there are cores: while one test waits for a limit or the disk, another works.
      DENO_JOBS: String(2 * navigator.hardwareConcurrency),
    },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = await print(child.stdout, atEnd);
  return { success: (await child.status).success, output };
}

function plainText(output: string): string {
  // deno-lint-ignore no-control-regex
  return output.replace(/\x1b\[[0-9;]*m/g, "");
}

function failuresIn(plain: string): string {
  return /^ ERRORS $(.*?)^ FAILURES $/ms.exec(plain)?.[1]?.trim() ?? "";
}

/** The files in which tests failed; the runner ends each line with `=> ./tests/some_test.ts:12:6`. */
function failedFiles(plain: string): string[] {
  const list = /^ FAILURES $(.*)/ms.exec(plain)?.[1] ?? "";
  const paths = list.matchAll(/\.\/(\S+?_test\.tsx?)(?::\d+:\d+| \(uncaught error\))$/gm);
  return [...new Set([...paths].map(([, path = ""]) => path))];
}

/** The sums in the runner's closing line, such as `ok | 78 passed (3 steps) | 1 failed`. */
function sums(plain: string): { passed: number; failed: number; ignored: number } {
  const closing = plain.split("\n").findLast((line) => /^(ok|FAILED) \| \d+ passed/.test(line));
  const sum = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(closing ?? "")?.[1] ?? 0);
  return { passed: sum("passed"), failed: sum("failed"), ignored: sum("ignored") };
}

async function runTests(args: string[], atEnd = false): Promise<Outcome> {
  const { success, output } = await deno(["test", ...FLAGS, ...args], atEnd);
  const plain = plainText(output);
  const found = sums(plain);
  // A run that broke off has no sums, or sums without its failure.
  if (!success && found.failed === 0) found.failed = 1;
  return { ...found, failures: failuresIn(plain), files: failedFiles(plain) };
}

/** Runs the files with failures once more by themselves, if there are few. */
async function rerunIfFew(first: Outcome): Promise<Outcome> {
  const { failed, files } = first;
  if (failed === 0 || failed > MAX_RERUN_FAILURES || files.length === 0) return first;
  console.log(`\nrunning again after ${failed} failed: ${files.join(" ")}\n`);
  const second = await runTests(files);
  if (second.failed >= failed) return { ...first, failures: second.failures };
  const passed = failed - second.failed;
  console.log(`\n${passed} passed only in the second run; in the first:\n\n${first.failures}`);
  return { ...first, ...second, passed: first.passed + passed, ignored: first.ignored };
}

function* testFiles(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(join(ROOT, folder))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* testFiles(path);
    else if (/_test\.tsx?$/.test(entry.name)) yield path;
  }
}

/** Whether a file imports, directly or not, what runs the binary, a browser or Cassandra. */
function needsMore(path: string, seen = new Set<string>()): boolean {
  if (NEEDS_MORE.test(path)) return true;
  const file = join(ROOT, path);
  // Modules that tests write as text import files that do not exist here.
  if (seen.has(path) || !path.startsWith("tests/") || !existsSync(file)) return false;
  seen.add(path);
  const text = Deno.readTextFileSync(file);
  if (path.endsWith("_test.ts") && text.includes("binary()")) return true;
  return [...text.matchAll(/from\s+"(\.[^"]+\.tsx?)"/g)]
    .some(([, target = ""]) => needsMore(join(dirname(path), target), seen));
}

/** Whether a file needs a quiet machine. */
function isTimed(path: string): boolean {
  return TIMING.test(path) || Deno.readTextFileSync(join(ROOT, path)).includes(AWAKE);
}

async function runQuick(): Promise<Outcome[]> {
  Deno.env.set("FAULT_ROUNDS", Deno.env.get("FAULT_ROUNDS") ?? QUICK_ROUNDS);
  const files = [...testFiles("tests"), ...testFiles("tenants")].sort()
    .filter((path) => !BUILDS.test(path) && !needsMore(path));
  const all = await runTests(["--parallel", ...files.filter((path) => !isTimed(path))]);
  const timing = await runTests(files.filter(isTimed));
  return [await rerunIfFew(all), await rerunIfFew(timing)];
}

async function runAll(): Promise<Outcome[]> {
  const files = [...testFiles("tests"), ...testFiles("tenants")].sort();
  const take = (isTaken: (path: string) => boolean) => {
    const taken = files.filter(isTaken);
    for (const path of taken) files.splice(files.indexOf(path), 1);
    return taken;
  };
  const timing = take(isTimed);
  const [last = [], cassandra = [], heavy = []] = [LAST, CASSANDRA, HEAVY]
    .map((pattern) => take((path) => pattern.test(path)));
  const outcomes = [
    await runTests(["--parallel", ...files]),
    ...await Promise.all([runTests(heavy), runTests(cassandra, true)]),
  ];
  // Only when these are done, so that the machine is quiet, and before nodes are ended.
  const final: Outcome[] = [];
  for (const outcome of outcomes) final.push(await rerunIfFew(outcome));
  for (const group of [last, timing]) final.push(await rerunIfFew(await runTests(group)));
  return final;
}

/** @returns null when the build fails */
async function run(args: string[]): Promise<Outcome[] | null> {
  if (args[0] === "--quick") return await runQuick();
  const build = await deno(["run", "-A", "--node-modules-dir=auto", "scripts/build.ts"]);
  if (!build.success) return null;
  return args.length > 0 ? [await runTests(args)] : await runAll();
}

/** @returns the exit code */
function report(outcomes: Outcome[]): number {
  const total = (of: "passed" | "failed" | "ignored") =>
    outcomes.reduce((sum, outcome) => sum + outcome[of], 0);
  if (total("passed") + total("failed") === 0) {
    console.error("no test was run");
    return 1;
  }
  for (const { failures } of outcomes.filter((each) => each.failures !== "")) {
    console.log(`\n${failures}`);
  }
  // In CI, a skipped test counts as failed.
  const skipped = Deno.env.get("CI") === "true" ? total("ignored") : 0;
  if (skipped > 0) console.error(`${skipped} tests were skipped, which CI does not allow`);
  const failed = total("failed") + skipped;
  console.log(`${total("passed")} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

const cluster = clusterFolder();
const hadCluster = existsSync(cluster);

/** Ends what the tests left running, and removes the data of a cluster that they created. */
async function cleanUp(): Promise<void> {
  await endLeftovers(RUN_ID);
  if (!hadCluster && existsSync(cluster)) await Deno.remove(cluster, { recursive: true });
}

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.addSignalListener(signal, async () => {
    isStopped = true;
    await cleanUp();
    Deno.exit(code);
  });
}

let outcomes: Outcome[] | null = null;
try {
  outcomes = await run(Deno.args);
} finally {
  await cleanUp();
}
Deno.exit(outcomes === null ? 1 : report(outcomes));
