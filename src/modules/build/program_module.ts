import { type Entry, entryName, type TenantJson } from "../../config/tenant_json.ts";
import { placeOfMember, placeOfSyntaxError } from "../../config/json_place.ts";
import { Failure } from "../../base/failure.ts";
import type { ModuleFiles } from "../../protocol/module_view.ts";
import {
  type Declaration,
  DeclarationFault,
  parseDeclaration,
  PROGRAM_FORMAT,
} from "../../sandbox/wire/declaration.ts";
import { faultText } from "../../sandbox/wire/declared_faults.ts";
import type { ProcessLimits } from "../../sandbox/host/limits.ts";
import { NativeProgram, requireNativePrograms } from "../../sandbox/host/native_program.ts";
import { CHECK_LIMITS } from "../../sandbox/host/policy.ts";
import { type IngestJob, Sandbox } from "../../sandbox/host/sandbox.ts";
import { ModuleFault } from "../../sandbox/host/sandbox_failures.ts";

const DECLARATION = "declaration.json";

/** Whether a module is a program, not a script. */
export function isProgram(entry: Entry): boolean {
  return typeof entry !== "string" || entry.endsWith(".wasm");
}

/**
 * Checks a module that is a program: its `declaration.json`, and whether it can run here.
 *
 * @throws {ModuleFault} when the declaration is invalid
 * @throws {Failure} `wasm-invalid`, `no-os-sandbox`, `no-interpreter`
 */
export async function buildProgram(
  entry: Entry,
  sources: ModuleFiles,
): Promise<{ script: string; declaration: Declaration }> {
  const { [DECLARATION]: text, ...files } = sources;
  const declaration = declarationOf(text);
  if (typeof entry !== "string") {
    requireNativePrograms(entry.exec[0] ?? "");
    return { script: JSON.stringify(files), declaration };
  }
  const script = files[entry] ?? "";
  try {
    await Sandbox.spawn().describe(script, CHECK_LIMITS.program, "wasi");
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "wasm-invalid") throw error;
    throw new ModuleFault([{ file: entryName(entry), line: 1, column: 1, message: error.message }]);
  }
  return { script, declaration };
}

function declarationOf(text: string | undefined): Declaration {
  const fault = (message: string, place = { line: 1, column: 1 }) =>
    new ModuleFault([{ file: DECLARATION, ...place, message }]);
  if (text === undefined) {
    throw fault('it is missing: a program declares its "files" and "tables" in it');
  }
  let declared: unknown;
  try {
    declared = JSON.parse(text);
  } catch {
    throw fault("it is not valid JSON", placeOfSyntaxError(text) ?? undefined);
  }
  if (typeof declared !== "object" || declared === null || Array.isArray(declared)) {
    throw fault('it is not an object with "files" and "tables"');
  }
  if ("format" in declared) {
    throw fault('"format" is only for scripts: a program parses its files itself');
  }
  try {
    return parseDeclaration({ ...declared, format: PROGRAM_FORMAT, hasRow: true });
  } catch (error) {
    if (!(error instanceof DeclarationFault)) throw error;
    throw new ModuleFault(
      error.faults.map((fault) => ({
        file: DECLARATION,
        ...(placeOfMember(text, fault.path) ?? { line: 1, column: 1 }),
        message: faultText(fault),
      })),
    );
  }
}

/** The input of a sandbox that runs a module on a file. */
interface ModuleRun {
  job: Pick<IngestJob, "script" | "program" | "open">;
  /** Kills a program that runs outside the sandbox's process. */
  kill(): void;
  /** Removes the run's temporary files. */
  close(): Promise<void>;
}

/**
 * @param file `open` yields its bytes, possibly several times
 * @param log receives what a native program writes to standard error
 */
export function moduleRun(
  { script, tenantJson: { entry } }: { script: string; tenantJson: TenantJson },
  file: { name: string; open: () => AsyncIterable<Uint8Array> },
  limits: ProcessLimits,
  log?: (text: string) => void,
): ModuleRun {
  const { open } = file;
  const noProcess = { kill: () => {}, close: () => Promise.resolve() };
  if (typeof entry === "string") {
    const program = isProgram(entry) ? "wasi" : undefined;
    return { job: { script, program, open }, ...noProcess };
  }
  const files: ModuleFiles = JSON.parse(script);
  const { exec } = entry;
  const native = new NativeProgram({
    exec,
    files,
    fileName: file.name,
    source: open(),
    limits,
    log,
  });
  return {
    job: { script: "", program: "output", open: () => native.output() },
    kill: () => native.kill(),
    close: () => native.close(),
  };
}
