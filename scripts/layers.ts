/**
 * Checks that dependencies between the folders of `src` point one way, as docs/architecture.md has
 * it. Prints each import that breaks a rule and ends with 1.
 *
 * @module
 */
import { dirname, join, normalize, relative } from "node:path";

const ROOT = normalize(join(import.meta.dirname ?? ".", ".."));
const SRC = join(ROOT, "src");

/** What each folder of `src` may import from. A path names one file of a neighbour. */
const MAY_IMPORT: Record<string, string[]> = {
  module: [],
  protocol: [],
  rows: ["protocol"],
  config: ["protocol"],
  accounts: ["protocol"],
  telemetry: ["protocol"],
  staging: ["protocol"],
  modules: ["protocol", "config", "staging", "sandbox/declaration.ts"],
  author: ["protocol", "rows", "module", "sandbox"],
  storage: ["protocol", "rows"],
  sandbox: ["protocol", "rows", "module"],
  fetch: ["protocol"],
  serve: [
    "protocol",
    "accounts",
    "config",
    "staging",
    "modules",
    "telemetry",
    "storage/contract.ts",
  ],
  manage: ["protocol", "rows", "config", "staging", "modules", "sandbox", "storage", "telemetry"],
  upkeep: ["protocol", "config", "staging", "storage", "sandbox"],
  cli: ["protocol", "rows", "config", "accounts", "staging", "modules", "sandbox", "storage"]
    .concat(["author", "telemetry", "fetch", "serve", "manage", "upkeep"]),
  "main.ts": ["cli", "sandbox"],
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

function folderOf(path: string): string {
  return relative(SRC, path).split("/")[0] ?? "";
}

function faultsOf(path: string): string[] {
  const from = folderOf(path);
  const allowed = MAY_IMPORT[from];
  const shown = relative(ROOT, path);
  if (!allowed) return [`${shown}: the folder "${from}" is in no rule`];
  // Examples in comments import too; they are not dependencies.
  const code = Deno.readTextFileSync(path).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  return [...code.matchAll(IMPORT)].flatMap((found) => {
    const target = found[1] ?? found[2] ?? found[3] ?? "";
    if (!target.startsWith(".")) return [];
    const file = normalize(join(dirname(path), target));
    const to = folderOf(file);
    if (to === from || allowed.includes(to) || allowed.includes(relative(SRC, file))) return [];
    return [
      `${shown} imports ${relative(ROOT, file)}: "${from}" may only import ${
        allowed.join(", ") || "nothing"
      }`,
    ];
  });
}

const faults = [...sources(SRC)].flatMap(faultsOf);
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? "layers: ok" : `layers: ${faults.length} forbidden imports`);
if (faults.length > 0) Deno.exit(1);
