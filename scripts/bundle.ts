import * as esbuild from "esbuild";
import { dirname, join, relative } from "node:path";

const ROOT = new URL("..", import.meta.url).pathname;

/** Programs that run beside the main one: each `*_worker.ts` is loaded by its URL, not imported. */
export function workerEntries(dir = join(ROOT, "src")): string[] {
  const found: string[] = [];
  for (const entry of Deno.readDirSync(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory) found.push(...workerEntries(path));
    else if (entry.name.endsWith("_worker.ts")) found.push(path);
  }
  return found.sort();
}

/** The name of a worker's bundle: its path, for in the bundle all entries lie side by side. */
function bundleName(path: string): string {
  return relative(join(ROOT, "src"), path).replace(/\.ts$/, "").replaceAll(/[\\/]/g, "_");
}

const workerUrls: esbuild.Plugin = {
  name: "worker-urls",
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async (args) => {
      const source = await Deno.readTextFile(args.path);
      const contents = source.replaceAll(
        /new URL\("(\.\.?\/[\w/.]+_worker\.ts)"/g,
        (_, file) => `new URL("./${bundleName(join(dirname(args.path), file))}.js"`,
      );
      return { contents, loader: "ts" };
    });
  },
};

/** Of zod's messages in forty languages only the English ones are shown. */
const englishOnly: esbuild.Plugin = {
  name: "english-only",
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
      loader: "js",
    }));
  },
};

/** What was bundled. */
export interface Bundle {
  main: string;
  /** To be embedded beside the main one. */
  workers: string[];
  /** The packages of which something is in the bundles, as `name@version`. */
  packages: string[];
}

/**
 * Bundles the program and its workers into `outDir`: one entry each, shared code in chunks, so that
 * a command loads only what it needs.
 */
export async function bundle(outDir: string): Promise<Bundle> {
  const workers = workerEntries();
  const { metafile } = await esbuild.build({
    metafile: true,
    absWorkingDir: ROOT,
    entryPoints: [
      { in: join(ROOT, "src/main.ts"), out: "main" },
      ...workers.map((path) => ({ in: path, out: bundleName(path) })),
    ],
    outdir: outDir,
    chunkNames: "chunk_[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "esnext",
    jsx: "automatic",
    jsxImportSource: "hono/jsx",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "linked",
    logLevel: "warning",
    // Deno wants the prefix where a package has left it out.
    alias: { mysimbdp: join(ROOT, "src/sdk/mod.ts"), module: "node:module" },
    // Packages in CommonJS ask for require(), which an ES module does not have.
    banner: {
      js:
        'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
    },
    plugins: [workerUrls, englishOnly],
  });
  await esbuild.stop();
  return {
    main: join(outDir, "main.js"),
    workers: workers.map((path) => join(outDir, `${bundleName(path)}.js`)),
    packages: packagesOf(Object.keys(metafile.inputs)),
  };
}

/** Packages lie in `node_modules/.deno/<name>@<version>/`, with a plus for the slash of a scope. */
function packagesOf(inputs: string[]): string[] {
  const found = inputs.flatMap((path) =>
    /node_modules\/\.deno\/([^/]+@[^/_]+)/.exec(path)?.[1] ?? []
  );
  return [...new Set(found.map((name) => name.replace("+", "/")))].sort();
}
