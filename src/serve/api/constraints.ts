import { signatureOf } from "../../base/file_signature.ts";
import { Failure, messageOf } from "../../base/failure.ts";
import { checkConstraints, withDots } from "../../config/constraints_file.ts";
import { describeFaults } from "../../config/json_fault.ts";
import { orNull, removeIfThere, writeDurably } from "../../data/durable.ts";
import type { Layout } from "../../data/layout.ts";
import type { Constraints } from "../../protocol/constraints.ts";
import type { Emit } from "../../telemetry/events.ts";

/** Returns a tenant's current constraints. */
export type ConstraintsOf = (tenant: string) => Promise<Constraints>;

/** An editor may replace a file by removing it first. */
const REPLACED_MS = 50;

interface Cached {
  stamp: string;
  /** Null if the file cannot be used and never could. */
  constraints: Constraints | null;
  fault?: Fault;
}

interface Fault {
  error: string;
  /** What applies now, see the event. */
  inForce: "previous" | "new" | "none";
}

/** The stamp of a file that is missing. */
const MISSING = "";

/**
 * Reads tenants' constraints from `constraints/<tenant>.json` and caches them until the file changes.
 * While a file has faults, its last good content applies; it is kept on disk for the next start.
 *
 * @param fallback for tenants without such a file
 * @returns a reader that throws a {@link Failure} `limits-unreadable` for a file that cannot be used
 * and never could: the tenant can upload nothing, because its limits are unknown
 */
export function constraintsReader(
  layout: Layout,
  fallback: Constraints,
  emit: Emit = () => {},
): ConstraintsOf {
  const cache = new Map<string, Cached>();
  const defaults = withDots(fallback);
  return async (tenant) => {
    const path = layout.constraints(tenant);
    const known = cache.get(tenant);
    let stamp = await stampOf(path);
    if (stamp === MISSING && known !== undefined && known.stamp !== MISSING) {
      await new Promise((resolve) => setTimeout(resolve, REPLACED_MS));
      stamp = await stampOf(path);
    }
    if (known?.stamp === stamp) return known.constraints ?? unreadable();
    const next = stamp === MISSING
      ? { stamp, constraints: defaults }
      : await read(layout, tenant, stamp, known);
    const other = cache.get(tenant);
    // Another request has read the same content, and reported it.
    if (other?.stamp === stamp) return other.constraints ?? unreadable();
    cache.set(tenant, next);
    if (next.fault !== undefined) emit({ kind: "constraints.faulty", tenant, ...next.fault });
    else {
      if (known?.fault !== undefined) emit({ kind: "constraints.fixed", tenant, path });
      await keep(layout, tenant, stamp === MISSING ? null : next.constraints);
    }
    return next.constraints ?? unreadable();
  };
}

async function read(
  layout: Layout,
  tenant: string,
  stamp: string,
  known: Cached | undefined,
): Promise<Cached> {
  const { constraints, faults } = await checkFile(layout.constraints(tenant));
  if (faults === null) return { stamp, constraints };
  const last = known?.constraints ?? await lastGood(layout, tenant);
  const inForce = last !== null ? "previous" : constraints !== null ? "new" : "none";
  return { stamp, constraints: last ?? constraints, fault: { error: faults, inForce } };
}

/** `faults` is one line with all places; null if there are none. */
async function checkFile(
  path: string,
): Promise<{ constraints: Constraints | null; faults: string | null }> {
  try {
    const { constraints, faults } = checkConstraints(await Deno.readTextFile(path));
    return { constraints, faults: faults.length === 0 ? null : describeFaults(path, faults) };
  } catch (error) {
    return { constraints: null, faults: `Cannot read "${path}": ${messageOf(error)}` };
  }
}

async function lastGood(layout: Layout, tenant: string): Promise<Constraints | null> {
  const text = await orNull(Deno.readTextFile(layout.lastConstraints(tenant))).catch(() => null);
  return text === null ? null : checkConstraints(text).constraints;
}

/** Keeps a good content for the next start; without room for it, that start does not have it. */
async function keep(layout: Layout, tenant: string, good: Constraints | null): Promise<void> {
  const path = layout.lastConstraints(tenant);
  const text = `${JSON.stringify(good)}\n`;
  try {
    if (good === null) await removeIfThere(path);
    else if (await orNull(Deno.readTextFile(path)) !== text) await writeDurably(path, text);
  } catch {
    await removeIfThere(path).catch(() => false);
  }
}

function unreadable(): never {
  const text = "Cannot accept files: the platform's limits for this account cannot be read";
  throw new Failure("server", "limits-unreadable", text, {
    hint: "It was reported to the operator. Try again later.",
    details: { retryAfterSeconds: 60 },
  });
}

async function stampOf(path: string): Promise<string> {
  const info = await orNull(Deno.stat(path));
  return info === null ? MISSING : signatureOf(info);
}
