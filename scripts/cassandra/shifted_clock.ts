import { existsSync } from "node:fs";
import { join } from "node:path";

const SOURCE = join(import.meta.dirname ?? ".", "ShiftedClock.java");

/**
 * Returns the folder with the compiled class `ShiftedClock`. Cassandra's jars contain a compiler, so
 * the Java runtime is enough.
 *
 * @param jars the folder with Cassandra's jars
 */
export async function shiftedClock(jars: string): Promise<string> {
  const dir = `${jars}-clock`;
  if (existsSync(join(dir, "ShiftedClock.class"))) return dir;
  const { success, stderr } = await new Deno.Command("java", {
    args: [
      ...["-cp", `${jars}/*`, "org.eclipse.jdt.internal.compiler.batch.Main"],
      ...["-17", "-cp", ...await cassandraJar(jars), "-d", dir, SOURCE],
    ],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot compile ${SOURCE}: ${new TextDecoder().decode(stderr)}`);
  return dir;
}

async function cassandraJar(jars: string): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir(jars), ({ name }) => name);
  return names.filter((name) => name.startsWith("cassandra-all-")).map((name) => join(jars, name));
}
