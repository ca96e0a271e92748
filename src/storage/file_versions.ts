import type { FileView } from "../protocol/file_view.ts";
import { isFinal } from "../protocol/file_view.ts";
import type { FileRecord, LedgerReader } from "./contract.ts";

/** How a file is related to the other versions of its name. */
export type FileVersions = Pick<FileView, "earlier" | "replaces" | "replacedByVersion">;

/** A file of the ledger, or one that is not in it yet. */
type Version = Pick<FileRecord, "id" | "tenant" | "name" | "version" | "state" | "replacedBy">;

/** What a version of a tenant's module declares; null stands for the current one. */
export type VersionsRule = (
  tenant: string,
  moduleVersion: string | null,
) => Promise<"add" | "replace">;

/** The relations of a file of which there is no other version. */
export const ONLY_VERSION: FileVersions = { earlier: null, replaces: [], replacedByVersion: null };

/** Maximum number of records that are read for one file, for each name of a list, and for a list. */
export const MAX_OF_FILE = 1_000;
const MAX_OF_NAME = 200;
const MAX_OF_LIST = 20_000;
const QUERIES_AT_ONCE = 16;

/**
 * Finds how files are related to the other versions of their names, with one query for each name that
 * has several versions.
 *
 * @returns the relations by the file's id; files without other versions are left out
 */
export async function fileVersions(
  ledger: LedgerReader,
  files: readonly Version[],
  rule: VersionsRule,
): Promise<Map<string, FileVersions>> {
  const related = files.filter(({ version, replacedBy }) => version > 1 || replacedBy !== null);
  // Neither tenants nor names contain a slash.
  const groups = [...Map.groupBy(related, ({ tenant, name }) => `${tenant}/${name}`).values()];
  const limit = files.length === 1
    ? MAX_OF_FILE
    : Math.min(MAX_OF_NAME, Math.ceil(MAX_OF_LIST / (groups.length || 1)));
  const known = new Map<string, ReturnType<VersionsRule>>();
  const ruleOnce: VersionsRule = (tenant, version) => {
    const key = `${tenant}/${version}`;
    return known.get(key) ?? known.set(key, rule(tenant, version)).get(key)!;
  };
  const found = new Map<string, FileVersions>();
  for (let at = 0; at < groups.length; at += QUERIES_AT_ONCE) {
    await Promise.all(
      groups.slice(at, at + QUERIES_AT_ONCE).map(async (group) => {
        const { tenant, name } = group[0]!;
        const all = await ledger.list({ tenant, name, limit });
        for (const file of group) {
          const others = { all, complete: all.length < limit };
          found.set(file.id, await relationsOf(file, others, ruleOnce));
        }
      }),
    );
  }
  return found;
}

async function relationsOf(
  file: Version,
  { all, complete }: { all: FileRecord[]; complete: boolean },
  rule: VersionsRule,
): Promise<FileVersions> {
  const before = all.filter((other) => isEarlier(other, file));
  const replaced = isFinal(file.state)
    ? before.filter(({ replacedBy }) => replacedBy === file.id)
    : await toBeReplaced(file.tenant, before, rule);
  const staying = before.filter((other) => hasRows(other) && !replaced.includes(other));
  const rows = staying.reduce((sum, other) => sum + other.rows.stored, 0);
  return {
    earlier: rows === 0 ? null : { versions: versionsOf(staying), rows, complete },
    replaces: versionsOf(replaced),
    replacedByVersion: all.find(({ id }) => id === file.replacedBy)?.version ?? null,
  };
}

/**
 * Whether the first of two versions of a name is the earlier one. Files that were put into staging by
 * hand can have equal numbers; ids grow with time.
 */
export function isEarlier(
  a: Pick<Version, "id" | "version">,
  b: Pick<Version, "id" | "version">,
): boolean {
  return a.version === b.version ? a.id < b.id : a.version < b.version;
}

/** The earlier versions whose rows are removed once this one is loaded: those that were loaded so. */
async function toBeReplaced(
  tenant: string,
  before: readonly FileRecord[],
  rule: VersionsRule,
): Promise<FileRecord[]> {
  if (await rule(tenant, null) === "add") return [];
  const found: FileRecord[] = [];
  for (const other of before) {
    const isTracked = hasRows(other) && await rule(tenant, other.moduleVersion) === "replace";
    if (isTracked || !isFinal(other.state)) found.push(other);
  }
  return found;
}

/** Whether rows of a file are stored. */
export function hasRows({ state, replacedBy, rows }: FileRecord): boolean {
  return state === "ingested" && replacedBy === null && rows.stored > 0;
}

function versionsOf(files: readonly FileRecord[]): number[] {
  return files.map(({ version }) => version).sort((a, b) => a - b);
}

/**
 * The loaded version that has replaced a file, and would refuse it if it was loaded again; null if
 * there is none, or if the current module of the tenant adds.
 */
export async function replacementOf(
  { tenant, replacedBy }: FileRecord,
  ledger: Pick<LedgerReader, "get">,
  rule: (tenant: string) => Promise<"add" | "replace">,
): Promise<FileRecord | null> {
  if (replacedBy === null || await rule(tenant) === "add") return null;
  let later: FileRecord | null = null;
  for (let id: string | null = replacedBy; id !== null;) {
    const next: FileRecord | null = await ledger.get(id);
    if (next === null) break;
    later = next;
    id = next.replacedBy;
  }
  return later;
}
