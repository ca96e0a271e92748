/**
 * `deno task test [FILTER-OR-PATH…]`: builds the binary, then runs every test, those of the binary
 * among them: side by side where they leave each other alone, the others after that, one by one.
 * What failed is told once more at the end; the last line is `N passed, N failed`.
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
    env: { RUST_BACKTRACE: "0" },
    stdout: "piped",
    stderr: "inherit",
  });

async function passOn(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    text += part;
    Deno.stdout.writeSync(new TextEncoder().encode(part));
  }
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

/** Files that compare times, build programs, fill a disk, drive a browser, or share one cluster. */
const ALONE = [/timing_test/, /release_test/, /package_test/, /full_disk_test/]
  .concat([/dashboard/, /cassandra/]);
/** Those that end the nodes that all the others share go last. */
const LAST = /cassandra_nodes_test/;
const FLAGS = ["--allow-all", "--node-modules-dir=auto", "--no-check", "--no-prompt"];
const sum = { passed: 0, failed: 0, ignored: 0 };
const failures: string[] = [];

function* testFiles(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(join(ROOT, folder))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* testFiles(path);
    else if (/_test\.tsx?$/.test(entry.name)) yield path;
  }
}

async function runTests(args: string[]): Promise<void> {
  const run = deno(["test", ...FLAGS, ...args]).spawn();
  const plain = plainText(await passOn(run.stdout));
  const found = sums(plain);
  failures.push(failuresOf(plain));
  const { success } = await run.status;
  sum.passed += found?.passed ?? 0;
  sum.failed += found?.failed ?? 0;
  sum.ignored += found?.ignored ?? 0;
  // A run that broke off has no sums, or none that tell of it.
  if (!success && !found?.failed) sum.failed++;
}

if (Deno.args.length > 0) await runTests(Deno.args);
else {
  const files = [...testFiles("tests"), ...testFiles("tenants")].sort();
  const isAlone = (path: string) => ALONE.some((pattern) => pattern.test(path));
  await runTests(["--parallel", ...files.filter((path) => !isAlone(path))]);
  const alone = files.filter(isAlone);
  await runTests(alone.filter((path) => !LAST.test(path)));
  await runTests(alone.filter((path) => LAST.test(path)));
}
if (sum.passed + sum.failed === 0) {
  console.error("no test was run");
  Deno.exit(1);
}
for (const text of failures.filter((each) => each !== "")) console.log(`\n${text}`);
// Under CI a test that was left out is a test that failed.
const left = Deno.env.get("CI") === "true" ? sum.ignored : 0;
if (left > 0) console.error(`${left} tests were skipped, which CI does not allow`);
console.log(`${sum.passed} passed, ${sum.failed + left} failed`);
if (sum.failed + left > 0) Deno.exit(1);
