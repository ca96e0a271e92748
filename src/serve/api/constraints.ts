import { Failure } from "../../base/failure.ts";
import { type Constraints, constraintsSchema } from "../../protocol/constraints.ts";
import type { Layout } from "../../data/layout.ts";
import type { AppHandler } from "../http/env.ts";

/** A tenant's constraints as they are now. */
export type ConstraintsOf = (tenant: string) => Promise<Constraints>;

/**
 * Reads tenants' constraints from `constraints/<tenant>.json`, again whenever the file changed.
 *
 * @param fallback for tenants that have no file
 * @returns a reader that throws a {@link Failure} `bad-constraints` for a file that is not valid;
 * nothing is accepted then, as nobody knows what is allowed
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

/** `GET /v1/constraints` */
export function showConstraints(constraintsOf: ConstraintsOf): AppHandler {
  return async (c) => c.json(await constraintsOf(c.get("tenant")));
}

function parseConstraints(path: string, text: string): Constraints {
  try {
    return constraintsSchema.parse(JSON.parse(text));
  } catch (error) {
    const state = "it is not valid JSON of formats, number_files and data_sizes";
    throw new Failure("internal", "bad-constraints", `Cannot read "${path}": ${state}`, {
      cause: error,
    });
  }
}

async function stampOf(path: string): Promise<string | null> {
  try {
    const { mtime, size, ino } = await Deno.stat(path);
    return `${mtime?.getTime()} ${size} ${ino}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
