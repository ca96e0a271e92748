/**
 * `deno task test [FILTER-OR-PATH…]`: builds the binary, then runs every test, those of the binary
 * among them: side by side where they leave each other alone, the others after that, one by one,
 * those of Cassandra beside those of browsers and programs.
 * Files in which a few tests failed are run once more by themselves, and what passes only then is
 * named: tests that kill at random moments on a busy machine may miss what they aim at. What failed
 * is told once more at the end; the last line is `N passed, N failed`.
 *
 * @module
 */
import { join } from "node:path";

const ROOT = join(import.meta.dirname ?? ".", "..");
const deno = (args: string[]) =>
  new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    // The runner's own backtrace says nothing about a test that failed.
    // More than there are cores: while one waits for a limit or the disk, another works.
    env: { RUST_BACKTRACE: "0", DENO_JOBS: String(2 * navigator.hardwareConcurrency) },
    stdout: "piped",
    stderr: "inherit",
  });

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

/** Shows what a run prints, at once or when it is over. */
async function passOn(stream: ReadableStream<Uint8Array>, atEnd = false): Promise<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (!atEnd) say(part);
  }
  if (atEnd) say(text);
  return text;
}

function plainText(output: string): string {
  // deno-lint-ignore no-control-regex
  return output.replace(/\x1b\[[0-9;]*m/g, "");
}

/** What the runner says of the tests that failed. */
function failuresOf(plain: string): string {
  return /^ ERRORS $(.*?)^ FAILURES $/ms.exec(plain)?.[1]?.trim() ?? "";
}

/** The files in which tests failed; its list ends each line with `=> ./tests/some_test.ts:12:6`. */
function failedFiles(plain: string): string[] {
  const list = /^ FAILURES $(.*)/ms.exec(plain)?.[1] ?? "";
  const paths = list.matchAll(/\.\/(\S+?_test\.tsx?)(?::\d+:\d+| \(uncaught error\))$/gm);
  return [...new Set([...paths].map(([, path = ""]) => path))];
}

/** The sums of the runner's closing line, such as `ok | 78 passed (3 steps) | 1 failed`. */
function sums(plain: string): { passed: number; failed: number; ignored: number } | null {
  const closing = plain.split("\n").findLast((line) => /^(ok|FAILED) \| \d+ passed/.test(line));
  if (!closing) return null;
  const sum = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(closing)?.[1] ?? 0);
  return { passed: sum("passed"), failed: sum("failed"), ignored: sum("ignored") };
}

const build = deno(["run", "-A", "--node-modules-dir=auto", "scripts/build.ts"]).spawn();
await passOn(build.stdout);
if (!(await build.status).success) Deno.exit(1);

/** Files that compare times: nothing else may run. */
const TIMING = /timing_test/;
/** Files that share one cluster. */
const CASSANDRA = /cassandra/;
/** Those that end the nodes that the others share go last. */
const LAST = /cassandra_nodes_test/;
/** Files that build programs, fill a disk or drive a browser. */
const HEAVY = /release_test|package_test|full_disk_test|dashboard/;
const FLAGS = ["--allow-all", "--node-modules-dir=auto", "--no-check", "--no-prompt"];
/** More tests than this do not fail by chance. */
const MOST_AGAIN = 5;

interface Outcome {
  passed: number;
  failed: number;
  ignored: number;
  /** What the runner says of those that failed. */
  failures: string;
  files: string[];
}

function* testFiles(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(join(ROOT, folder))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* testFiles(path);
    else if (/_test\.tsx?$/.test(entry.name)) yield path;
  }
}

async function runTests(args: string[], atEnd = false): Promise<Outcome> {
  const run = deno(["test", ...FLAGS, ...args]).spawn();
  const plain = plainText(await passOn(run.stdout, atEnd));
  const { success } = await run.status;
  const found = sums(plain) ?? { passed: 0, failed: 0, ignored: 0 };
  // A run that broke off has no sums, or none that tell of it.
  if (!success && found.failed === 0) found.failed = 1;
  return { ...found, failures: failuresOf(plain), files: failedFiles(plain) };
}

/** The same outcome, after the files in which a few tests failed had a second go by themselves. */
async function againIfFew(first: Outcome): Promise<Outcome> {
  if (first.failed === 0 || first.failed > MOST_AGAIN || first.files.length === 0) return first;
  console.log(`\nonce more, for ${first.failed} failed: ${first.files.join(" ")}\n`);
  const second = await runTests(first.files);
  if (second.failed >= first.failed) return { ...first, failures: second.failures };
  const steadied = first.failed - second.failed;
  console.log(`\n${steadied} passed only when run once more; at first:\n\n${first.failures}`);
  return { ...first, ...second, passed: first.passed + steadied, ignored: first.ignored };
}

async function runAll(): Promise<Outcome[]> {
  const files = [...testFiles("tests"), ...testFiles("tenants")].sort();
  const take = (pattern: RegExp) => {
    const taken = files.filter((path) => pattern.test(path));
    for (const path of taken) files.splice(files.indexOf(path), 1);
    return taken;
  };
  const [timing, last, cassandra, heavy] = [TIMING, LAST, CASSANDRA, HEAVY].map(take);
  const outcomes = [
    await runTests(["--parallel", ...files]),
    ...await Promise.all([runTests(heavy!), runTests(cassandra!, true)]),
    await runTests(last!),
    await runTests(timing!),
  ];
  // Not before all else is over, so that it is quiet.
  const final: Outcome[] = [];
  for (const outcome of outcomes) final.push(await againIfFew(outcome));
  return final;
}

const outcomes = Deno.args.length > 0 ? [await runTests(Deno.args)] : await runAll();
const total = (of: "passed" | "failed" | "ignored") =>
  outcomes.reduce((sum, outcome) => sum + outcome[of], 0);
if (total("passed") + total("failed") === 0) {
  console.error("no test was run");
  Deno.exit(1);
}
for (const { failures } of outcomes.filter((each) => each.failures !== "")) {
  console.log(`\n${failures}`);
}
// Under CI a test that was left out is a test that failed.
const left = Deno.env.get("CI") === "true" ? total("ignored") : 0;
if (left > 0) console.error(`${left} tests were skipped, which CI does not allow`);
console.log(`${total("passed")} passed, ${total("failed") + left} failed`);
if (total("failed") + left > 0) Deno.exit(1);
