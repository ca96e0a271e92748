import * as esbuild from "esbuild";
import { dirname, join, relative } from "node:path";

const ROOT = new URL("..", import.meta.url).pathname;

/** Separate entries: each `*_worker.ts` is loaded by its URL, not imported. */
export function workerEntries(dir = join(ROOT, "src")): string[] {
  const found: string[] = [];
  for (const entry of Deno.readDirSync(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory) found.push(...workerEntries(path));
    else if (entry.name.endsWith("_worker.ts")) found.push(path);
  }
  return found.sort();
}

/** The name of a worker's bundle: its path, because all entries are in one folder. */
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

/** Drops zod's messages in languages other than English. */
const englishOnly: esbuild.Plugin = {
  name: "english-only",
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
      loader: "js",
    }));
  },
};

/** The result of bundling. */
export interface Bundle {
  main: string;
  /** Entries to embed besides the main one. */
  workers: string[];
  /** The packages that the bundles contain code of, as `name@version`. */
  packages: string[];
}

/**
 * Bundles the program and its workers into `outDir`: one entry each, shared code in chunks, so that
 * a command loads only the code that it needs.
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
    // Deno requires the prefix that some packages omit.
    alias: { mysimbdp: join(ROOT, "src/sdk/mod.ts"), module: "node:module" },
    // CommonJS packages call require(), which ES modules lack.
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

/** Packages are in `node_modules/.deno/<name>@<version>/`, with a plus for the slash of a scope. */
function packagesOf(inputs: string[]): string[] {
  const found = inputs.flatMap((path) =>
    /node_modules\/\.deno\/([^/]+@[^/_]+)/.exec(path)?.[1] ?? []
  );
  return [...new Set(found.map((name) => name.replace("+", "/")))].sort();
}
