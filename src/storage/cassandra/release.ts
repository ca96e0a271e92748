import { Failure } from "../../base/failure.ts";
import { OLDEST_RELEASE } from "../health.ts";
import type { Session } from "./session.ts";

/**
 * Checks that every node can create the ledger's indexes, before a part of the ledger is created.
 * @throws {Failure} `storage-release`
 */
export async function requireRelease(session: Session): Promise<void> {
  const { hosts } = await session.client();
  const old = hosts.values().find((host) => isTooOld(host.cassandraVersion));
  if (!old) return;
  const text = `Cannot create the ledger: ${old.address} runs Cassandra ${old.cassandraVersion}, ` +
    `but the ledger needs ${OLDEST_RELEASE}.0 or newer`;
  throw new Failure("storage", "storage-release", text, {
    hint: "Upgrade all nodes of the cluster, then try again. Nothing was created.",
  });
}

/**
 * @param release such as `4.1.9`
 * @example
 * ```ts
 * import { isTooOld } from "./release.ts";
 * isTooOld("4.1.9"); // true
 * isTooOld("5.1-SNAPSHOT"); // false
 * ```
 */
export function isTooOld(release: string): boolean {
  return parseInt(release) < OLDEST_RELEASE;
}
