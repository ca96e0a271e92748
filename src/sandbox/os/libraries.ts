/** ` => /lib/x86_64-linux-gnu/libc.so.6 (0x…)`, or the loader itself, which has no arrow. */
const LIBRARY = /(?:=> |^\s*)(\/\S+) \(0x[0-9a-f]+\)$/gm;

/**
 * The shared libraries that a program of this machine is started with, and the loader that finds
 * them, by the paths under which they are looked for.
 *
 * @returns nothing for a program that is linked statically
 */
export function librariesOf(program: string): string[] {
  // The loader lists what it would load, in place of starting the program.
  const { stdout } = new Deno.Command(program, {
    clearEnv: true,
    env: { LD_TRACE_LOADED_OBJECTS: "1" },
    stdin: "null",
    stderr: "null",
  }).outputSync();
  return [...new TextDecoder().decode(stdout).matchAll(LIBRARY)].map(([, path]) => path ?? "");
}
