import { join } from "node:path";
import ts from "typescript";
import { moduleFolder, STARTER } from "../../src/sdk/author/starter.ts";
import { writeModule } from "./modules.ts";

/** A fault that the compiler reports: `line: text`, with the line from 1. */
export type CompilerFault = string;

/**
 * Compiles modules with the types and the tsconfig.json of the starter.
 *
 * @param modules texts by file name
 * @returns the faults of each
 */
export async function compileModules(
  modules: Record<string, string>,
): Promise<Record<string, CompilerFault[]>> {
  const dir = await Deno.makeTempDir({ prefix: "mysimbdp-types-" });
  try {
    await writeModule(dir, { ...moduleFolder(STARTER), ...modules });
    const { config } = ts.readConfigFile(join(dir, "tsconfig.json"), ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, dir);
    const program = ts.createProgram(Object.keys(modules).map((name) => join(dir, name)), options);
    const faults = Object.keys(modules).map((name) => {
      const source = program.getSourceFile(join(dir, name));
      return [name, ts.getPreEmitDiagnostics(program, source).map(faultText)];
    });
    return Object.fromEntries(faults);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function faultText({ file, start, messageText }: ts.Diagnostic): CompilerFault {
  const line = (file?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0) + 1;
  return `${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
}
