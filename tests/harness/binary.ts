import { existsSync } from "node:fs";
import { join } from "node:path";

/** The repository. */
export const ROOT = join(import.meta.dirname ?? ".", "..", "..");

/**
 * Returns the path of the compiled program: `MYSIMBDP_BINARY`, else the output of `deno task build`.
 *
 * @throws {Error} if it does not exist: these tests never fall back to the source
 */
export function binary(): string {
  const path = Deno.env.get("MYSIMBDP_BINARY") || join(ROOT, "dist", "mysimbdp");
  if (existsSync(path)) return path;
  throw new Error(`Cannot test the binary "${path}": it does not exist. Run: deno task build`);
}

/** The path of a real data file. */
export function sample(name: string): string {
  return join(ROOT, "node_modules/vega-datasets/data", name);
}
