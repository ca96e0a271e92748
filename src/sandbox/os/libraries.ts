/** ` => /lib/x86_64-linux-gnu/libc.so.6 (0x…)`, or the loader itself, without an arrow. */
const LIBRARY = /(?:=> |^\s*)(\/\S+) \(0x[0-9a-f]+\)$/gm;

/**
 * The paths of a program's shared libraries and of the loader that finds them; empty for a program
 * that is linked statically.
 */
export function librariesOf(program: string): string[] {
  // With this variable the loader lists the libraries instead of starting the program.
  const { stdout } = new Deno.Command(program, {
    clearEnv: true,
    env: { LD_TRACE_LOADED_OBJECTS: "1" },
    stdin: "null",
    stderr: "null",
  }).outputSync();
  return [...new TextDecoder().decode(stdout).matchAll(LIBRARY)].map(([, path]) => path ?? "");
}
