import { Failure } from "../../base/failure.ts";
import { type Constraints, constraintsSchema } from "../../protocol/constraints.ts";
import { orNull } from "../../data/durable.ts";
import type { Layout } from "../../data/layout.ts";

/** Returns a tenant's current constraints. */
export type ConstraintsOf = (tenant: string) => Promise<Constraints>;

/**
 * Reads tenants' constraints from `constraints/<tenant>.json` and caches them until the file
 * changes.
 *
 * @param fallback for tenants without such a file
 * @returns a reader that throws a {@link Failure} `bad-constraints` for an invalid file; the tenant
 * can then upload nothing, because its limits are unknown
 */
export function constraintsReader(layout: Layout, fallback: Constraints): ConstraintsOf {
  const cache = new Map<string, { stamp: string; constraints: Constraints }>();
  return async (tenant) => {
    const path = layout.constraints(tenant);
    const stamp = await stampOf(path);
    if (stamp === null) return fallback;
    const cached = cache.get(tenant);
    if (cached?.stamp === stamp) return cached.constraints;
    const constraints = parseConstraints(path, await Deno.readTextFile(path));
    cache.set(tenant, { stamp, constraints });
    return constraints;
  };
}

function parseConstraints(path: string, text: string): Constraints {
  try {
    return constraintsSchema.parse(JSON.parse(text));
  } catch (error) {
    const reason = "it must be a JSON object with formats, number_files and data_sizes";
    throw new Failure("internal", "bad-constraints", `Cannot read "${path}": ${reason}`, {
      cause: error,
    });
  }
}

async function stampOf(path: string): Promise<string | null> {
  const info = await orNull(Deno.stat(path));
  return info && `${info.mtime?.getTime()} ${info.size} ${info.ino}`;
}
