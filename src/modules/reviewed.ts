import { createHash } from "node:crypto";
import type { Permissions } from "../config/tenant_json.ts";
import { Failure } from "../base/failure.ts";
import type { ModuleFiles } from "../protocol/module_view.ts";
import { type ModuleStore, numberOf, type TenantVersion } from "./store.ts";

/** What an operator reviews: a version, and the one that it is compared with. */
export interface Reviewed {
  /** The version that it is compared with. */
  against: string | null;
  /** The files of that version; none if there is no such version. */
  before: ModuleFiles;
  files: ModuleFiles;
  /** What the version may do; null if it was not built. */
  permissions: Permissions | null;
  /** Whether it is older than the current version. */
  isOlder: boolean;
  /** SHA-256 over all of this and the names of both versions, in hex: an approval names it. */
  seen: string;
}

/**
 * Reads a version and the current one; for the current one, the one before it.
 * @throws {Failure} `no-such-version`
 */
export async function readReviewed(
  store: ModuleStore,
  { tenant, version }: TenantVersion,
): Promise<Reviewed> {
  const { previous } = await store.record(tenant, version);
  const current = await store.currentVersion(tenant);
  const against = version === current ? previous : current;
  const files = await store.sources(tenant, version);
  const before = against === null ? {} : await store.sources(tenant, against);
  const permissions = await store.permissions(tenant, version);
  const isOlder = current !== null && numberOf(version) < numberOf(current);
  const sorted = (texts: ModuleFiles) => Object.entries(texts).sort(([a], [b]) => a < b ? -1 : 1);
  const seen = createHash("sha256")
    .update(JSON.stringify([version, sorted(files), against, sorted(before), permissions]))
    .digest("hex");
  return { against, before, files, permissions, isOlder, seen };
}

/**
 * Refuses an approval of something else than what its operator has seen.
 * @throws {Failure} `review-outdated`
 */
export async function requireSeen(
  store: ModuleStore,
  at: TenantVersion,
  seen: string,
): Promise<void> {
  if ((await readReviewed(store, at)).seen === seen) return;
  const text =
    `Cannot approve version ${at.version} of "${at.tenant}": what you saw is no longer ` +
    "what would be approved";
  throw new Failure("refused", "review-outdated", text, {
    hint: "Look at the changes again: the current version, the files or the permissions differ.",
  });
}
