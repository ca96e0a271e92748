import { z } from "zod";
import { type VersionView, versionViewSchema } from "../protocol/module_view.ts";

/** What is kept of a version beside its files: `version.json`. */
export const versionRecordSchema = versionViewSchema.extend({
  /** The version that was current before this one became it: where a rollback leads. */
  previous: z.string().nullable(),
  /**
   * The ids of its first files, all of which failed; null once one got in, or where there is no
   * earlier version to go back to.
   */
  failedFiles: z.array(z.string()).nullable(),
});
export type VersionRecord = z.infer<typeof versionRecordSchema>;

/** A version that was just handed in. @param now milliseconds since the epoch */
export function newRecord(version: string, now: number): VersionRecord {
  return {
    version,
    state: "checking",
    submittedAt: new Date(now).toISOString(),
    decidedAt: null,
    decidedBy: null,
    note: null,
    faults: [],
    previous: null,
    failedFiles: null,
  };
}

/** What its owner may see of a version. */
export function viewOfVersion(record: VersionRecord): VersionView {
  return versionViewSchema.parse(record);
}
