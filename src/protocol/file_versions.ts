import { formatCount, formatNumber } from "../base/count.ts";
import { type EarlierVersions, type FileView, isFinal } from "./file_view.ts";

/** What is known of a file's version and of the other versions of its name. */
export type VersionFacts = Pick<
  FileView,
  "name" | "version" | "state" | "earlier" | "replaces" | "replacedBy" | "replacedByVersion"
>;

/** Ranges of versions that are named; more are counted instead. */
const MAX_RANGES = 4;

/**
 * Says what a new version of a file means for the rows of the earlier ones, for people. Null for a file
 * of which there is no other version.
 *
 * @example
 * ```ts
 * import { versionText } from "./file_versions.ts";
 * const facts = { state: "ingested", replaces: [], replacedBy: null, replacedByVersion: null } as const;
 * const earlier = { versions: [1], rows: 1204, complete: true };
 * versionText({ ...facts, name: "sales.csv", version: 2, earlier });
 * // "version 2 of sales.csv; the 1,204 rows of version 1 stay"
 * ```
 */
export function versionText(file: VersionFacts): string | null {
  const { name, version, state, earlier, replaces, replacedBy, replacedByVersion } = file;
  const isReplaced = replacedBy !== null;
  if (version === 1 && !isReplaced) return null;
  const parts = version === 1 ? [] : [`version ${version} of ${name}`];
  if (isReplaced) parts.push(`replaced by ${laterVersion(replacedByVersion)}`);
  else if (replaces.length > 0) {
    parts[0] += ` ${isFinal(state) ? "replaces" : "will replace"} ${versionsText(replaces)}`;
  }
  if (earlier !== null && earlier.rows > 0) parts.push(stayText(earlier));
  return parts.join("; ");
}

function laterVersion(version: number | null): string {
  return version === null ? "a later version" : `version ${version}`;
}

/** Says which rows of earlier versions are stored beside those of a file. */
export function stayText({ versions, rows, complete }: EarlierVersions): string {
  if (!complete) return `at least ${formatCount(rows, "row")} of earlier versions stay`;
  return `the ${formatCount(rows, "row")} of ${versionsText(versions)} ${
    rows === 1 ? "stays" : "stay"
  }`;
}

/** `version 1`, `versions 1 and 2`, `versions 1 to 3 and 5`, `12 earlier versions`. */
function versionsText(versions: readonly number[]): string {
  const ranges = rangesOf(versions);
  if (ranges.length > MAX_RANGES) return `${formatNumber(versions.length)} earlier versions`;
  const words = ranges.flatMap(([first, last]) => {
    if (last - first >= 2) return [`${first} to ${last}`];
    return first === last ? [`${first}`] : [`${first}`, `${last}`];
  });
  const listed = words.length === 1
    ? words[0]
    : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
  return `version${versions.length === 1 ? "" : "s"} ${listed}`;
}

/** The first and the last of each run of successive numbers. */
function rangesOf(versions: readonly number[]): [first: number, last: number][] {
  const ranges: [number, number][] = [];
  for (const version of versions.toSorted((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range && range[1] === version - 1) range[1] = version;
    else ranges.push([version, version]);
  }
  return ranges;
}
