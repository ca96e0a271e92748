import { z } from "zod";
import { type VersionView, versionViewSchema } from "../protocol/module_view.ts";

/** The content of `version.json` in a version's folder. */
export const versionRecordSchema = versionViewSchema.extend({
  /** The version that was current before this one: a rollback returns to it. */
  previous: z.string().nullable(),
  /** The files that failed during probation; null when the version is not on probation. */
  failedFiles: z.array(z.string()).nullable(),
});
export type VersionRecord = z.infer<typeof versionRecordSchema>;

/** Returns the record of a new version. @param now milliseconds since the epoch */
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

/** Returns the parts of a record that the tenant may see. */
export function viewOfVersion(record: VersionRecord): VersionView {
  return versionViewSchema.parse(record);
}
