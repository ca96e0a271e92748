/**
 * `deno task check`: packages, formatting, lint, types, the rules between folders, and plain
 * English, in one command. It also passes on the newest Deno; formatting differs between versions, so only the
 * pinned one checks it.
 *
 * @module
 */

/** The version that builds the program. */
const PINNED_DENO = "2.6.8";

const STEPS: [string, string[]][] = [
  // First, because types need the packages and a fresh clone has none.
  ["packages", ["install", "--quiet", "--frozen", "--node-modules-dir=auto"]],
  ...(Deno.version.deno === PINNED_DENO ? [["fmt", ["fmt", "--check"]] as [string, string[]]] : []),
  ["lint", ["lint", "--quiet"]],
  ["types", ["check", "--quiet", "src", "scripts", "tests", "tenants"]],
  ["layers", ["run", "--allow-read", "scripts/layers.ts"]],
  ["phrases", ["run", "--allow-read", "scripts/phrases.ts"]],
];

let failed = 0;
for (const [name, args] of STEPS) {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  if (!success) {
    failed++;
    Deno.stdout.writeSync(stdout);
    Deno.stderr.writeSync(stderr);
  }
  console.log(`${name}: ${success ? "ok" : "FAILED"}`);
}
if (failed > 0) Deno.exit(1);
