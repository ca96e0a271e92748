/**
 * `deno task types`: writes the types that module authors get with a starter, made of the SDK in
 * `src/sdk`. A test holds the result to them.
 *
 * @module
 */
import { dirname, join, relative } from "node:path";
import ts from "typescript";

const ROOT = join(import.meta.dirname ?? ".", "..");
const SDK = join(ROOT, "src/sdk");
const OUT = join(ROOT, "src/sdk/author/module_types.ts");

// Modules have no DOM; what the compartment adds to the language is this.
const GLOBALS = `
declare global {
  /** Its first 200 lines of a file are shown by \`module test\` and kept in the module's log. */
  const console: Record<"log" | "info" | "warn" | "error" | "debug", (...values: unknown[]) => void>;
}
`;

/** The declarations of the SDK as one module without imports. */
export function moduleTypes(): string {
  const texts = new Map<string, string>();
  collect(join(SDK, "mod.ts"), texts);
  const header = "// Types of modules for mysimbdp; written by `mysimbdp fetch module init`.\n";
  return `${header}${[...texts.values()].filter(Boolean).join("\n")}${GLOBALS}`;
}

/** Adds a file's declarations behind those of the files that it imports. */
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
  // Imports and exports between the files: here they are one.
  const plain = outputText.replaceAll(/^(?:import|export)\b[^;]*?from "\.[^"]+";\n/gm, "")
    .replaceAll(/^export \{\};\n/gm, "")
    .replaceAll(/^\/\*\*(?:(?!\*\/)[\s\S])*?@module\s*\*\/\n/gm, "");
  texts.set(path, plain.trim() === "" ? "" : plain);
}

/** The file that holds them in the program. */
export function typesFile(types: string): string {
  const text = types.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${");
  return `/** The SDK's types; made by \`deno task types\`, not by hand. */\n` +
    `export const MODULE_TYPES: string = \`${text}\`;\n`;
}

if (import.meta.main) Deno.writeTextFileSync(OUT, typesFile(moduleTypes()));
