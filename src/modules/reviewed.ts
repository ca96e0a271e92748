import { createHash } from "node:crypto";
import type { Permissions } from "../config/tenant_json.ts";
import { Failure } from "../base/failure.ts";
import { orNull } from "../data/durable.ts";
import { type ModuleStore, numberOf, type TenantVersion } from "./store.ts";

/** What an operator reviews, without the files: a version, and the one that it is compared with. */
export interface Compared {
  version: string;
  /** The version that it is compared with. */
  against: string | null;
  /** What the version may do; null if it was not built. */
  permissions: Permissions | null;
  /** Whether it is older than the current version. */
  isOlder: boolean;
}

/** The same with the files. */
export interface Reviewed extends Compared {
  /** SHA-256 over both versions, their files and the permissions, in hex: an approval names it. */
  seen: string;
}

/** The SHA-256 of the stored files of both versions, as of {@link hashOfSource}. */
export interface SourceHashes {
  before: string;
  after: string;
}

/**
 * Finds out what a version is compared with: the current one; for the current one, the one before it.
 * @throws {Failure} `no-such-version`
 */
export async function comparedWith(
  store: ModuleStore,
  { tenant, version }: TenantVersion,
): Promise<Compared> {
  const { previous } = await store.record(tenant, version);
  const current = await store.currentVersion(tenant);
  return {
    version,
    against: version === current ? previous : current,
    permissions: await store.permissions(tenant, version),
    isOlder: current !== null && numberOf(version) < numberOf(current),
  };
}

/** The name of what is reviewed: a hash of everything that an approval would approve. */
export function seenOf({ version, against, permissions }: Compared, hashes: SourceHashes): string {
  const { before, after } = hashes;
  return createHash("sha256")
    .update(JSON.stringify([version, after, against, before, permissions]))
    .digest("hex");
}

/** The SHA-256 of the stored files of a version; "" for one whose files were not kept. */
export async function hashOfSource(path: string | null): Promise<string> {
  const bytes = path === null ? null : await orNull(Deno.readFile(path));
  // Outside the main thread, because there can be 22 MB.
  return bytes === null ? "" : new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Reads what an operator reviews. @throws {Failure} `no-such-version` */
export async function readReviewed(store: ModuleStore, at: TenantVersion): Promise<Reviewed> {
  const compared = await comparedWith(store, at);
  const { before, after } = sourcePaths(store, at, compared);
  const hashes = { before: await hashOfSource(before), after: await hashOfSource(after) };
  return { ...compared, seen: seenOf(compared, hashes) };
}

/** The paths of the stored files of both versions. */
export function sourcePaths(
  store: ModuleStore,
  { tenant, version }: TenantVersion,
  { against }: Compared,
): { before: string | null; after: string } {
  return {
    before: against === null ? null : store.sourcePath(tenant, against),
    after: store.sourcePath(tenant, version),
  };
}

/**
 * Refuses an approval of something else than what its operator has seen.
 * @param actual what would be approved
 * @throws {Failure} `review-outdated`
 */
export function requireSeen(at: TenantVersion, actual: Reviewed, seen: string): void {
  if (actual.seen === seen) return;
  const text =
    `Cannot approve version ${at.version} of "${at.tenant}": what you saw is no longer ` +
    "what would be approved";
  throw new Failure("refused", "review-outdated", text, {
    hint: "Look at the changes again: the current version, the files or the permissions differ.",
  });
}
