/**
 * Checks the structure of `src`: dependencies between folders point one way, as
 * docs/architecture.md says, and no files import each other in a circle, types included. Prints
 * each violation and exits with 1 if there is one.
 *
 * @module
 */
import { dirname, join, normalize, relative } from "node:path";

const ROOT = normalize(join(import.meta.dirname ?? ".", ".."));
const SRC = join(ROOT, "src");

/**
 * What each folder of `src` may import. A folder without its own rule belongs to its parent; a name
 * includes all folders below it. A path with an extension allows that one file.
 */
const MAY_IMPORT: Record<string, string[]> = {
  base: [],
  protocol: ["base"],
  sdk: [],
  tls: ["base"],
  config: ["base", "protocol"],
  telemetry: ["base", "protocol", "data"],
  data: ["base"],
  accounts: ["base", "protocol", "data", "telemetry"],
  staging: ["base", "protocol", "data"],
  batch: ["base", "sdk"],
  storage: ["base", "protocol", "batch"],
  "sandbox/wire": ["base", "batch", "sdk"],
  "sandbox/formats": ["base", "sandbox/wire", "sdk"],
  "sandbox/worker": ["base", "protocol", "batch", "sandbox/wire", "sandbox/formats", "sdk"],
  "sandbox/programs": ["base", "batch", "sandbox/wire", "sandbox/formats", "sandbox/worker"],
  "sandbox/child": [
    "base",
    "sandbox/kernel",
    "sandbox/wire",
    "sandbox/formats",
    "sandbox/worker",
    "sandbox/programs",
    "sdk",
  ],
  "sandbox/kernel": [],
  "sandbox/os": ["base", "sandbox/kernel"],
  "sandbox/host": ["base", "protocol", "batch", "config", "sandbox/wire", "sandbox/os"],
  "sdk/author": ["base", "batch", "sandbox/formats", "sdk"],
  modules: ["base", "protocol", "config", "data", "telemetry", "sandbox/wire"],
  "modules/build": [
    "base",
    "protocol",
    "config",
    "telemetry",
    "modules",
    "sandbox/host",
    "sandbox/wire",
    "storage/contract.ts",
    "storage/table_rules.ts",
  ],
  "modules/test_run": [
    "base",
    "protocol",
    "config",
    "telemetry",
    "batch",
    "modules",
    "modules/build",
    "sandbox/host",
    "sandbox/wire",
  ],
  fetch: ["base", "protocol", "tls"],
  serve: [
    "base",
    "protocol",
    "accounts",
    "config",
    "data",
    "staging",
    "modules",
    "sandbox/os",
    "storage",
    "telemetry",
    "tls",
    "upkeep",
  ],
  manage: [
    "base",
    "protocol",
    "config",
    "data",
    "staging",
    "modules",
    "modules/build",
    "modules/test_run",
    "sandbox/host",
    "sandbox/wire",
    "sandbox/os",
    "storage",
    "telemetry",
    "upkeep",
  ],
  upkeep: [
    "base",
    "protocol",
    "accounts",
    "config",
    "data",
    "staging",
    "storage",
    "sandbox/os",
    "tls",
  ],
  cli: [
    "base",
    "protocol",
    "accounts",
    "config",
    "data",
    "staging",
    "modules",
    "modules/build",
    "modules/test_run",
    "sandbox/host",
    "sandbox/os",
    "sdk/author",
    "storage",
    "telemetry",
    "tls",
    "fetch",
    "serve",
    "manage",
    "upkeep",
  ],
  "main.ts": ["base/signals.ts", "cli", "sandbox/child", "sandbox/kernel", "sandbox/wire"],
};

const IMPORT =
  /(?:^|\s)(?:import|export)\b[^"'`;]*?from\s*["']([^"']+)["']|import\s*\(?\s*["']([^"']+)["']|new URL\("(\.[^"]+\.ts)"/g;

function* sources(dir: string): Generator<string> {
  for (const entry of Deno.readDirSync(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory) yield* sources(path);
    else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}

/** The files of `src` that a file imports, by paths below `src`. */
function importsOf(path: string): string[] {
  // Examples in comments import too; they are not dependencies.
  const code = Deno.readTextFileSync(path).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  return [...code.matchAll(IMPORT)]
    .map(([, from, dynamic, worker]) => from ?? dynamic ?? worker ?? "")
    .filter((target) => target.startsWith("."))
    .map((target) => relative(SRC, normalize(join(dirname(path), target))));
}

/** The nearest folder with a rule, or null. */
function folderOf(file: string): string | null {
  for (let path = file; path !== "."; path = dirname(path)) {
    if (MAY_IMPORT[path]) return path;
  }
  return null;
}

function forbidden(file: string, imports: string[]): string[] {
  const from = folderOf(file);
  if (from === null) return [`src/${file}: no rule in scripts/layers.ts covers this file`];
  const allowed = MAY_IMPORT[from] ?? [];
  return imports.flatMap((target) => {
    const to = folderOf(target);
    if (to === from || allowed.includes(target) || allowed.includes(to ?? "")) return [];
    const names = allowed.join(", ") || "nothing";
    return [`src/${file} imports src/${target}: "${from}" may import only ${names}`];
  });
}

/** The groups of files that reach each other by their imports (Tarjan's algorithm). */
function circles(graph: Map<string, string[]>): string[][] {
  const order = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): number => {
    const index = order.size;
    order.set(file, index);
    let low = index;
    open.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next));
      else if (open.includes(next)) low = Math.min(low, order.get(next) ?? low);
    }
    if (low === index) found.push(open.splice(open.indexOf(file)));
    return low;
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return found.filter((group) => group.length > 1);
}

const graph = new Map([...sources(SRC)].map((path) => [relative(SRC, path), importsOf(path)]));
const violations = [...graph].flatMap(([file, imports]) => forbidden(file, imports)).concat(
  circles(graph).map((group) => `import circle: ${group.sort().join(", ")}`),
);
for (const violation of violations) console.error(violation);
console.log(violations.length === 0 ? "layers: ok" : `layers: ${violations.length} violations`);
if (violations.length > 0) Deno.exit(1);
