import { z } from "zod";
import { rejectViewSchema, rowCountsSchema } from "./file_view.ts";

/** The states of a version of a module. */
const VERSION_STATES = [
  /** Submitted; `manage` will build and check it. */
  "checking",
  /** It has faults and cannot run. */
  "faulty",
  /** Valid; it waits for an operator's decision. */
  "pending",
  /** It is current, or was until a later version took over. */
  "approved",
  /** An operator decided against it. */
  "rejected",
  /** An operator rolled it back, or it failed its probation. */
  "rolled-back",
] as const;

/** Whether a version in this state can run: it was built, and nobody rejected it. */
export function canRun(state: (typeof VERSION_STATES)[number]): boolean {
  return state === "pending" || state === "approved" || state === "rolled-back";
}

/** A fault in a module's source; lines and columns count from 1. */
export const moduleFaultSchema = z.object({
  file: z.string(),
  line: z.int().positive(),
  column: z.int().positive(),
  message: z.string(),
});
export type ModuleFaultView = z.infer<typeof moduleFaultSchema>;

/** A version of a module. Times are ISO 8601 in UTC. */
export const versionViewSchema = z.object({
  /** Such as `v3-1f0c9a2b`: a sequence number and the start of the SHA-256 of its sources. */
  version: z.string(),
  state: z.enum(VERSION_STATES),
  submittedAt: z.string(),
  decidedAt: z.string().nullable(),
  /** The operator's name, or `auto` for a decision of the platform. */
  decidedBy: z.string().nullable(),
  note: z.string().nullable(),
  faults: z.array(moduleFaultSchema),
});
export type VersionView = z.infer<typeof versionViewSchema>;

export const moduleViewSchema = z.object({
  /** The version that runs, or null. */
  current: z.string().nullable(),
  /** Newest first. */
  versions: z.array(versionViewSchema),
});
export type ModuleView = z.infer<typeof moduleViewSchema>;

/** Texts by path within the module's folder, including `tenant.json`. The separator is `/`. */
export const moduleFilesSchema = z.record(z.string(), z.string());
export type ModuleFiles = z.infer<typeof moduleFilesSchema>;

/** The body of `PUT /v1/module`. */
export const moduleSubmissionSchema = z.strictObject({ files: moduleFilesSchema });

/** `GET /v1/module/:version` */
export const versionWithFilesSchema = versionViewSchema.extend({ files: moduleFilesSchema });
export type VersionWithFiles = z.infer<typeof versionWithFilesSchema>;

/** `GET /v1/module/:version/sources`: the files without their texts. */
export const versionSourcesSchema = versionViewSchema.extend({
  sources: z.array(z.object({
    path: z.string(),
    /** Of a WebAssembly file, those of its binary. */
    bytes: z.int().nonnegative(),
    /** The pages that it can be read in; 0 if it is not a text. */
    pages: z.int().nonnegative(),
  })),
});
export type VersionSources = z.infer<typeof versionSourcesSchema>;

/** `GET /v1/module/:version/source`: a page of one file, from 1. */
export const sourcePageSchema = z.object({
  path: z.string(),
  page: z.int().positive(),
  pages: z.int().positive(),
  text: z.string(),
});
export type SourcePageView = z.infer<typeof sourcePageSchema>;

/** An entry of the log for a module's author. */
export const moduleLogEntrySchema = z.object({
  at: z.string(),
  /** `version`: its state changed. `file`: a file failed. `rejects`: records of a loaded file were
   * rejected. `console`: a line that the module wrote. `notice`: a remark about a file. */
  kind: z.enum(["version", "file", "rejects", "console", "notice"]),
  version: z.string().nullable(),
  /** The file's id and name, if the entry is about a file. */
  fileId: z.string().nullable(),
  file: z.string().nullable(),
  message: z.string(),
});
export type ModuleLogEntry = z.infer<typeof moduleLogEntrySchema>;

/** `GET /v1/module/log`: newest first. */
export const moduleLogSchema = z.object({ entries: z.array(moduleLogEntrySchema) });

/** A version of a module run on a sample, without storing anything. */
export const testRunSchema = z.object({
  state: z.enum(["waiting", "done"]),
  /** The file name of the sample. */
  name: z.string(),
  askedAt: z.string(),
  finishedAt: z.string().nullable(),
  /** The first rows of each table, as text. */
  tables: z.array(z.object({
    table: z.string(),
    columns: z.array(z.string()),
    rows: z.array(z.array(z.string().nullable())),
    total: z.int().nonnegative(),
  })),
  /** The first rejects. */
  rejects: z.array(rejectViewSchema),
  counts: rowCountsSchema.omit({ written: true })
    // Results of older versions have none.
    .extend({ replaced: rowCountsSchema.shape.replaced.default(0) }).nullable(),
  /** What the module wrote to its console. */
  logs: z.array(z.string()),
  /** Remarks about the sample, such as columns that the module ignores. */
  notices: z.array(z.string()).default([]),
  /** Why the file would not be loaded; null when it would. */
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type TestRun = z.infer<typeof testRunSchema>;
