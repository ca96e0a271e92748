/**
 * `deno task check`: formatting, lint, types and layers, in one command. The packages come first: types
 * need them, and in a fresh clone nothing has installed them yet.
 *
 * @module
 */
const STEPS: [string, string[]][] = [
  ["packages", ["install", "--quiet", "--frozen", "--node-modules-dir=auto"]],
  ["fmt", ["fmt", "--check"]],
  ["lint", ["lint", "--quiet"]],
  ["types", ["check", "--quiet", "src", "scripts", "tests", "tenants"]],
  ["layers", ["run", "--allow-read", "scripts/layers.ts"]],
];

let failed = 0;
for (const [name, args] of STEPS) {
  const { success } = await new Deno.Command(Deno.execPath(), { args }).output().then((result) => {
    if (!result.success) {
      Deno.stdout.writeSync(result.stdout);
      Deno.stderr.writeSync(result.stderr);
    }
    return result;
  });
  console.log(`${name}: ${success ? "ok" : "FAILED"}`);
  if (!success) failed++;
}
if (failed > 0) Deno.exit(1);
