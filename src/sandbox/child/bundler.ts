/**
 * Bundles a module's TypeScript files into one plain script. It runs in the sandbox's process and only
 * sees the texts that the host sent: its resolver has no file system.
 *
 * @module
 */
import {
  type BuildFailure,
  type Message,
  type OnLoadArgs,
  type OnResolveArgs,
  type Plugin,
} from "esbuild-wasm";
import { posix } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import * as sdk from "../../sdk/mod.ts";
import { MODULE_API_MARK } from "../wire/module_api.ts";
import type { SandboxReply, SourceFault } from "../wire/messages.ts";

const EXTENSIONS = ["", ".ts", ".js", ".mjs", ".json", "/index.ts"];
const SDK_SOURCE = `export const { ${Object.keys(sdk).join(", ")} } = __mysimbdp;`;

/** Bundles the files of a module, given by path with `/` as the separator, from its entry. */
type Bundle = (entry: string, files: Record<string, string>) => Promise<SandboxReply>;

/** Loads all that bundling needs. */
export async function loadBundler(): Promise<Bundle> {
  const esbuild = await loadEsbuild();
  return (entry, files) => bundleModule(esbuild, entry, files);
}

async function bundleModule(
  esbuild: typeof import("esbuild-wasm"),
  entry: string,
  files: Record<string, string>,
): Promise<SandboxReply> {
  const sources = new Map(Object.entries(files));
  const bundle = (entryPoints: string[]) =>
    esbuild.build({
      entryPoints,
      bundle: true,
      write: false,
      outdir: "/",
      format: "iife",
      globalName: "__module",
      target: "es2022",
      charset: "utf8",
      legalComments: "none",
      logLevel: "silent",
      logLimit: 0,
      // Errors that the module throws are reported with the author's own lines.
      sourcemap: "inline",
      sourcesContent: false,
      banner: { js: MODULE_API_MARK },
      plugins: [onlyTheseFiles(sources)],
    });
  try {
    const { outputFiles } = await bundle([entry]);
    const code = outputFiles[0]?.text ?? "";
    const faults = forbiddenByCompartment(code, sources);
    return faults.length > 0 ? { type: "faults", faults } : { type: "bundled", code };
  } catch (error) {
    return { type: "faults", faults: await allFaults(error, entry, sources, bundle) };
  }
}

/**
 * The faults of a failed build, and those that it did not reach: the imports of a file with a syntax
 * error are unknown, so they are searched for in its text.
 */
async function allFaults(
  error: unknown,
  entry: string,
  sources: Map<string, string>,
  bundle: (entryPoints: string[]) => Promise<unknown>,
): Promise<SourceFault[]> {
  const faults = faultsOf(error, entry);
  const bundled = new Set([entry]);
  const searched = new Set<string>();
  for (;;) {
    const broken = new Set(faults.map(({ file }) => file)).difference(searched);
    const imports = [...broken].flatMap((file) => importsOf(file, sources));
    broken.forEach((file) => searched.add(file));
    faults.push(...imports.flatMap(({ fault }) => fault ?? []));
    const reached = new Set(imports.flatMap(({ to }) => to ?? [])).difference(bundled);
    if (reached.size === 0) break;
    reached.forEach((file) => bundled.add(file));
    await bundle([...reached]).catch((error) => faults.push(...faultsOf(error, entry)));
  }
  const unique = new Map(faults.map((fault) => [JSON.stringify(fault), fault]));
  return [...unique.values()];
}

function faultsOf(error: unknown, entry: string): SourceFault[] {
  if (error instanceof RangeError) return [tooDeep(entry)];
  const { errors } = error as Partial<BuildFailure>;
  if (!errors) throw error;
  return errors.map((error) => faultOf(error, entry));
}

const IMPORT =
  /^[ \t]*(?:import\s{0,100}|(?:import|export)\b[^"';()=]{0,1000}\bfrom\s{0,100})(["'])([^"'\n]+)\1/gm;

/** The import statements in a text: the file of the module that each names, or what is wrong. */
function importsOf(
  file: string,
  sources: Map<string, string>,
): { to?: string; fault?: SourceFault }[] {
  const text = sources.get(file) ?? "";
  return [...text.matchAll(IMPORT)].map(({ 0: statement, 2: path = "", index }) => {
    const found = resolveImport({ kind: "import-statement", path, importer: file }, sources);
    if (!("errors" in found)) return found.namespace === "module" ? { to: found.path } : {};
    const before = text.slice(0, index + statement.length - path.length - 2).split("\n");
    const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    return { fault: { file, ...place, message: found.errors[0]?.text ?? "" } };
  });
}

async function loadEsbuild(): Promise<typeof import("esbuild-wasm")> {
  // The build for Node starts another program; the build for browsers runs in this process.
  const esbuild: typeof import("esbuild-wasm") = await import("esbuild-wasm/esm/browser.js");
  await esbuild.initialize({
    wasmModule: await WebAssembly.compile(await esbuildBytes()),
    worker: false,
  });
  return esbuild;
}

async function esbuildBytes(): Promise<Uint8Array<ArrayBuffer>> {
  if (!Deno.build.standalone) {
    return await Deno.readFile(
      new URL("../../../node_modules/esbuild-wasm/esbuild.wasm", import.meta.url),
    );
  }
  // Embedded files stay in memory as long as the program runs, so this one is compressed.
  const bytes = await Deno.readFile(new URL("./esbuild.wasm.br", import.meta.url));
  return new Uint8Array(brotliDecompressSync(bytes));
}

function onlyTheseFiles(sources: Map<string, string>): Plugin {
  return {
    name: "only-these-files",
    setup(build) {
      build.onResolve({ filter: /.*/ }, (args) => resolveImport(args, sources));
      build.onLoad(
        { filter: /.*/, namespace: "sdk" },
        () => ({ contents: SDK_SOURCE, loader: "js" }),
      );
      build.onLoad({ filter: /.*/, namespace: "module" }, (args: OnLoadArgs) => ({
        contents: sources.get(args.path) ?? "",
        loader: loaderOf(args.path),
      }));
    },
  };
}

function loaderOf(path: string): "ts" | "js" | "json" {
  if (path.endsWith(".json")) return "json";
  return /\.m?js$/.test(path) ? "js" : "ts";
}

function resolveImport(
  args: Pick<OnResolveArgs, "kind" | "path" | "importer">,
  sources: Map<string, string>,
) {
  if (args.kind === "dynamic-import") {
    return refused("import() is not allowed: import at the top of the file");
  }
  if (args.kind === "require-call") return refused("require() is not allowed: use import");
  if (args.path === "mysimbdp") return { path: "mysimbdp", namespace: "sdk" };
  const relative = /^\.\.?\//.test(args.path);
  if (args.kind !== "entry-point" && !relative) {
    return refused(
      `"${args.path}" cannot be imported: only "mysimbdp" and the module's own files can`,
    );
  }
  const path = posix.normalize(posix.join(posix.dirname(args.importer || "."), args.path));
  if (path.startsWith("../../")) return refused(`"${args.path}" is outside the module's folder`);
  const found = EXTENSIONS.map((extension) => path + extension).find((name) => sources.has(name));
  return found ? { path: found, namespace: "module" } : refused(`the module has no file "${path}"`);
}

function refused(text: string) {
  return { errors: [{ text }] };
}

function tooDeep(entry: string): SourceFault {
  return { file: entry, line: 1, column: 1, message: "the source is nested too deeply" };
}

function faultOf(error: Message, entry: string): SourceFault {
  const { location } = error;
  return {
    file: location ? location.file.replace(/^module:/, "") : entry,
    line: location?.line ?? 1,
    column: (location?.column ?? 0) + 1,
    message: error.text,
  };
}

// The compartment refuses these even in strings and comments; here the message gives the line.
const LOOKS_FORBIDDEN = /\bimport\s*(?:\(|\/[/*])|<!--|-->/;

function forbiddenByCompartment(code: string, sources: Map<string, string>): SourceFault[] {
  if (!LOOKS_FORBIDDEN.test(code)) return [];
  const faults: SourceFault[] = [];
  for (const [file, text] of sources) {
    text.split("\n").forEach((line, i) => {
      const found = LOOKS_FORBIDDEN.exec(line);
      if (found) {
        const message = `"${found[0]}" is not allowed, not even in a string`;
        faults.push({ file, line: i + 1, column: found.index + 1, message });
      }
    });
  }
  return faults;
}
