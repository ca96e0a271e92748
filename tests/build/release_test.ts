import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { segmentsOf } from "../../scripts/macho.ts";
import { ROOT } from "../harness/binary.ts";

const RELEASE = join(ROOT, "dist/release");
const { version } = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")));

async function build(target: string): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--node-modules-dir=auto", "scripts/build.ts", "--target", target],
    cwd: ROOT,
    env: { NO_COLOR: "1", DENORT_BIN: "" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  return { code, output: text.decode(stdout) + text.decode(stderr) };
}

function built(target: string): string {
  const name = `mysimbdp-${version}-${target}`;
  return join(RELEASE, target.startsWith("windows") ? `${name}.exe` : name);
}

interface Bill {
  metadata: { component: { "bom-ref": string } };
  components: { "bom-ref": string; name: string; scope: string; hashes?: { content: string }[] }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

Deno.test("--target: programs for other machines, checksums, and a line for each that cannot be built", async () => {
  const { output } = await build("macos-arm64,windows-x64,linux-arm64");
  assert.deepEqual(
    [...Deno.readFileSync(built("windows-x64")).subarray(0, 2)],
    [0x4d, 0x5a],
    output,
  );
  const segments = segmentsOf(Deno.readFileSync(built("macos-arm64")));
  assert.equal(segments.filter((name) => name === "__SUI").length, 1, segments.join(" "));
  assert.equal(segments.at(-1), "__LINKEDIT");
  // If Deno's download host is reachable, this one is built too.
  if (!existsSync(built("linux-arm64"))) {
    assert.match(output, /^linux-arm64: not built: no denort is available: .*DENORT_BIN/m);
  }

  const sums = Deno.readTextFileSync(join(RELEASE, "SHA256SUMS")).trim().split("\n");
  const listed = sums.map((line) => line.split("  ")[1]);
  const there = [...Deno.readDirSync(RELEASE)].map(({ name }) => name);
  assert.deepEqual(listed, there.filter((name) => name !== "SHA256SUMS").sort());
  for (const line of sums) {
    const [sum, name = ""] = line.split("  ");
    const hash = createHash("sha256").update(Deno.readFileSync(join(RELEASE, name)));
    assert.equal(hash.digest("hex"), sum);
  }

  const bill: Bill = JSON.parse(
    Deno.readTextFileSync(join(RELEASE, `mysimbdp-${version}.cdx.json`)),
  );
  const refs = bill.components.map((component) => component["bom-ref"]);
  assert.equal(new Set(refs).size, refs.length, "every reference once");
  const known = new Set([...refs, bill.metadata.component["bom-ref"]]);
  for (const { ref, dependsOn } of bill.dependencies) {
    for (const name of [ref, ...dependsOn]) assert.ok(known.has(name), name);
  }
  const scopeOf = (name: string) => bill.components.find((one) => one.name === name)?.scope;
  assert.equal(scopeOf("hono"), "required");
  assert.equal(scopeOf("esbuild-wasm"), "required");
  assert.equal(scopeOf("fast-check"), "excluded");
  assert.ok(
    bill.components.every(({ hashes, name }) =>
      name === "deno" || hashes?.[0]?.content.length === 128
    ),
  );
});

Deno.test("--target: an unknown name is refused, and the known ones are listed", async () => {
  const { code, output } = await build("amiga");
  assert.notEqual(code, 0);
  assert.match(output, /Cannot build for "amiga": use linux-x64, .*windows-x64 or all/);
});
