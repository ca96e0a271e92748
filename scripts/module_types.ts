/**
 * `deno task types`: generates the types that module authors get with a starter from `src/sdk`. A
 * test compares the result.
 *
 * @module
 */
import { dirname, join, relative } from "node:path";
import ts from "typescript";

const ROOT = join(import.meta.dirname ?? ".", "..");
const SDK = join(ROOT, "src/sdk");
/** What `src/sdk/author/starter.ts` reads. */
const TYPES_FILE = join(ROOT, "packaging/mysimbdp.d.ts");

// The compartment's only global beyond the language: modules have no DOM.
const GLOBALS = `
declare global {
  /** \`module test\` shows the first 200 lines of a file, \`module log\` the first 20. */
  const console: Record<"log" | "info" | "warn" | "error" | "debug", (...values: unknown[]) => void>;
}
`;

/** The declarations of the SDK as one module without imports. */
export function generateTypes(): string {
  const texts = new Map<string, string>();
  collect(join(SDK, "mod.ts"), texts);
  const header = "// The types of mysimbdp modules, written by `mysimbdp fetch module init`.\n";
  return `${header}${[...texts.values()].filter(Boolean).join("\n")}${GLOBALS}`;
}

/** Adds a file's declarations after those of the files that it imports. */
function collect(path: string, texts: Map<string, string>): void {
  if (texts.has(path)) return;
  const source = Deno.readTextFileSync(path);
  for (
    const [, imported = ""] of source.matchAll(/^(?:import|export)\b[^"]*?from "(\.[^"]+)";/gm)
  ) {
    collect(join(dirname(path), imported), texts);
  }
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(source, {
    fileName: path,
    reportDiagnostics: true,
    compilerOptions: { isolatedDeclarations: true, declaration: true, strict: true },
  });
  if (diagnostics[0]) {
    const text = ts.flattenDiagnosticMessageText(diagnostics[0].messageText, "\n");
    throw new Error(`Cannot declare ${relative(ROOT, path)}: ${text}`);
  }
  // All files become one, so imports and exports between them go.
  const plain = outputText.replaceAll(/^(?:import|export)\b[^;]*?from "\.[^"]+";\n/gm, "")
    .replaceAll(/^export \{\};\n/gm, "")
    .replaceAll(/^\/\*\*(?:(?!\*\/)[\s\S])*?@module\s*\*\/\n/gm, "");
  texts.set(path, plain.trim() === "" ? "" : plain);
}

if (import.meta.main) Deno.writeTextFileSync(TYPES_FILE, generateTypes());
