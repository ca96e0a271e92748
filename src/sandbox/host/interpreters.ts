import { existsSync } from "node:fs";
import { Failure } from "../../base/failure.ts";

/** A program on this machine that runs a module's program. */
interface Interpreter {
  /** Absolute path, with links resolved. */
  program: string;
  /** Arguments before the module's own. */
  flags: readonly string[];
  /** Paths that it must be able to read besides itself and its shared libraries. */
  paths: readonly string[];
}

const PYTHON = "python3";
// Not the operator's PATH: it may contain a script that starts something else.
const FOLDERS = ["/usr/bin", "/usr/local/bin", "/bin"];

let found: Interpreter | null = null;

/**
 * The interpreter of this name; only `python3` is allowed.
 * @throws {Failure} `no-interpreter`
 */
export function findInterpreter(name: string): Interpreter {
  if (name !== PYTHON) {
    const shown = JSON.stringify(name.slice(0, 100));
    const text = `Cannot run the program: the interpreter ${shown} is not allowed`;
    throw new Failure("usage", "no-interpreter", text, {
      hint: `Use ${PYTHON}, or compile the program to WebAssembly.`,
    });
  }
  return found ??= findPython();
}

function findPython(): Interpreter {
  const path = FOLDERS.map((folder) => `${folder}/${PYTHON}`).find((path) => existsSync(path));
  if (path === undefined) {
    const text = `Cannot run the program: ${PYTHON} is not installed on this machine`;
    throw new Failure("internal", "no-interpreter", text, {
      hint: `Install it in ${FOLDERS.join(", ")}.`,
    });
  }
  const program = Deno.realPathSync(path);
  // No user packages, no site packages, no cache beside the sources, UTF-8 in every locale.
  const flags = ["-E", "-s", "-S", "-B", "-X", "utf8"];
  const script = "import sysconfig as c; print(c.get_path('stdlib'), c.get_path('platstdlib'))";
  const { stdout } = new Deno.Command(program, {
    args: [...flags, "-c", script],
    clearEnv: true,
    stdin: "null",
    stderr: "null",
  }).outputSync();
  const paths = new TextDecoder().decode(stdout).trim().split(" ");
  return { program, flags, paths: [...new Set(paths)].filter((path) => path.startsWith("/")) };
}
