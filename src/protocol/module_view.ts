import { z } from "zod";
import { rejectViewSchema, rowCountsSchema } from "./file_view.ts";

/** The states of one version of a customer's module. */
const VERSION_STATES = [
  /** Submitted; it is bundled and checked as soon as `manage` gets to it. */
  "checking",
  /** It cannot be used: its faults say where. */
  "faulty",
  /** Valid; an operator has yet to decide. */
  "pending",
  /** It runs, or has run until a later version took over. */
  "approved",
  "rejected",
  /** It ran and was taken back, by an operator or because its first files failed. */
  "rolled-back",
] as const;

/** A fault in a module's source; lines and columns count from 1. */
export const moduleFaultSchema = z.object({
  file: z.string(),
  line: z.int().positive(),
  column: z.int().positive(),
  message: z.string(),
});
export type ModuleFaultView = z.infer<typeof moduleFaultSchema>;

/** One version of a module at `GET /v1/module`. Times are ISO 8601 in UTC. */
export const versionViewSchema = z.object({
  /** Such as `v3-1f0c9a2b`: a number that counts up and the start of its sources' SHA-256. */
  version: z.string(),
  state: z.enum(VERSION_STATES),
  submittedAt: z.string(),
  decidedAt: z.string().nullable(),
  /** The operator's name; `auto` where nobody was asked. */
  decidedBy: z.string().nullable(),
  note: z.string().nullable(),
  faults: z.array(moduleFaultSchema),
});
export type VersionView = z.infer<typeof versionViewSchema>;

export const moduleViewSchema = z.object({
  /** The version that runs; null while there is none. */
  current: z.string().nullable(),
  /** Newest first. */
  versions: z.array(versionViewSchema),
});
export type ModuleView = z.infer<typeof moduleViewSchema>;

/** Texts by path within the module's folder, with `/`; `tenant.json` is one of them. */
export const moduleFilesSchema = z.record(z.string(), z.string());
export type ModuleFiles = z.infer<typeof moduleFilesSchema>;

/** The body of `PUT /v1/module`. */
export const moduleSubmissionSchema = z.strictObject({ files: moduleFilesSchema });

/** `GET /v1/module/:version` */
export const versionWithFilesSchema = versionViewSchema.extend({ files: moduleFilesSchema });
export type VersionWithFiles = z.infer<typeof versionWithFilesSchema>;

/** Something that a module's author should know. */
export const moduleLogEntrySchema = z.object({
  at: z.string(),
  /** `version`: its state has changed. `file`: a file did not get in. `rejects`: records of a file
   * that got in did not. `console`: a line that the module wrote. */
  kind: z.enum(["version", "file", "rejects", "console"]),
  version: z.string().nullable(),
  /** The file's id and name, where it is about one. */
  fileId: z.string().nullable(),
  file: z.string().nullable(),
  message: z.string(),
});
export type ModuleLogEntry = z.infer<typeof moduleLogEntrySchema>;

/** `GET /v1/module/log`: newest first. */
export const moduleLogSchema = z.object({ entries: z.array(moduleLogEntrySchema) });

/** A sample through a version of a module: nothing of it is stored. */
export const testRunSchema = z.object({
  state: z.enum(["waiting", "done"]),
  /** The sample's name. */
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
  counts: rowCountsSchema.pick({ read: true, stored: true, rejected: true, skipped: true })
    .nullable(),
  /** What the module wrote to its console. */
  logs: z.array(z.string()),
  /** Why the file as a whole would not get in; null when it would. */
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type TestRun = z.infer<typeof testRunSchema>;
