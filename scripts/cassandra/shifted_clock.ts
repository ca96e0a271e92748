import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CassandraVersion } from "./release.ts";

const SOURCE = join(import.meta.dirname ?? ".", "ShiftedClock.java");

/**
 * Returns the folder with the compiled class `ShiftedClock`. Cassandra's jars contain a compiler, so
 * the Java runtime is enough.
 *
 * @param jars the folder with Cassandra's jars
 */
export async function shiftedClock(jars: string, version: CassandraVersion): Promise<string> {
  const dir = `${jars}-clock`;
  if (existsSync(join(dir, "ShiftedClock.class"))) return dir;
  const interfaces = join(jars, `cassandra-all-${version}.jar`);
  const { success, stderr } = await new Deno.Command("java", {
    args: [
      ...["-cp", `${jars}/*`, "org.eclipse.jdt.internal.compiler.batch.Main"],
      ...["-17", "-cp", interfaces, "-d", dir, SOURCE],
    ],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot compile ${SOURCE}: ${new TextDecoder().decode(stderr)}`);
  return dir;
}
