import { existsSync } from "node:fs";
import { join } from "node:path";

/** The repository. */
export const ROOT = join(import.meta.dirname ?? ".", "..", "..");

/**
 * The compiled program: `MYSIMBDP_BINARY`, else what `deno task build` makes.
 *
 * @throws {Error} when it is not there: these tests never fall back to the source
 */
export function binary(): string {
  const path = Deno.env.get("MYSIMBDP_BINARY") || join(ROOT, "dist", "mysimbdp");
  if (existsSync(path)) return path;
  throw new Error(`Cannot test the binary "${path}": it is not there. Run: deno task build`);
}

/** A file of the real data that the tests load. */
export function sample(name: string): string {
  return join(ROOT, "node_modules/vega-datasets/data", name);
}
