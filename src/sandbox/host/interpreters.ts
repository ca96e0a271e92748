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

// Not the operator's PATH: it may contain a script that starts something else.
const FOLDERS = ["/usr/bin", "/usr/local/bin", "/bin"];
const KNOWN: Readonly<Record<string, (program: string) => Omit<Interpreter, "program">>> = {
  python3: python,
};

const found = new Map<string, Interpreter>();

/** The names of interpreters that modules may use. */
const INTERPRETERS: readonly string[] = Object.keys(KNOWN);

/** @throws {Failure} `no-interpreter` */
export function findInterpreter(name: string): Interpreter {
  const known = found.get(name);
  if (known) return known;
  const describe = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
  const path = FOLDERS.map((folder) => `${folder}/${name}`).find((path) => existsSync(path));
  if (!describe || path === undefined) throw noInterpreter(name, describe !== undefined);
  const program = Deno.realPathSync(path);
  const interpreter = { program, ...describe(program) };
  found.set(name, interpreter);
  return interpreter;
}

function python(program: string): Omit<Interpreter, "program"> {
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
  return { flags, paths: [...new Set(paths)].filter((path) => path.startsWith("/")) };
}

function noInterpreter(name: string, isKnown: boolean): Failure {
  const shown = JSON.stringify(name.slice(0, 100));
  if (isKnown) {
    const text = `Cannot run the program: ${shown} is not installed on this machine`;
    return new Failure("internal", "no-interpreter", text, {
      hint: `Install it in ${FOLDERS.join(", ")}.`,
    });
  }
  const text = `Cannot run the program: the interpreter ${shown} is not allowed`;
  return new Failure("usage", "no-interpreter", text, {
    hint: `Use ${INTERPRETERS.join(" or ")}, or compile the program to WebAssembly.`,
  });
}
