import { z } from "zod";

/** The states of a file in the ledger. */
export const FILE_STATES = [
  "received",
  "queued",
  "running",
  "ingested",
  "refused",
  "quarantined",
] as const;
export type FileState = (typeof FILE_STATES)[number];

/** Returns whether a file stays in this state unless an operator replays it. */
export function isFinal(state: FileState): boolean {
  return state === "ingested" || state === "refused" || state === "quarantined";
}

/** Counts of the records of a file: `read = stored + replaced + rejected + skipped`. */
export const rowCountsSchema = z.object({
  read: z.int().nonnegative(),
  stored: z.int().nonnegative(),
  rejected: z.int().nonnegative(),
  skipped: z.int().nonnegative(),
  /** Database rows written, also those that later ones replaced; a record can yield several. */
  written: z.int().nonnegative(),
  /**
   * Records whose rows were all replaced by later records of the same file with the same keys, or
   * merged with them. Rows of
   * earlier files that were replaced are not counted.
   */
  replaced: z.int().nonnegative(),
});
export type RowCounts = z.infer<typeof rowCountsSchema>;

/** What is known of a file when it is received; part of its record in staging and in the ledger. */
export const receivedFileSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  /** The customer's name for it; never used as a path. */
  name: z.string(),
  /** 1 for the first content with this name, 2 for the next. */
  version: z.int().positive(),
  /** Bytes. */
  size: z.int().nonnegative(),
  /** Lower-case hex. */
  sha256: z.string(),
  batch: z.string().nullable(),
  /** Milliseconds since the epoch. */
  receivedAt: z.number(),
});
export type ReceivedFile = z.infer<typeof receivedFileSchema>;

const { id, name, version, size, sha256 } = receivedFileSchema.shape;

/** Earlier versions of a file, each with rows that stay. */
export const earlierVersionsSchema = z.object({
  versions: z.array(z.int().positive()),
  /** Rows stored by all of them. */
  rows: z.int().nonnegative(),
  /** False if there are more versions than were counted. */
  complete: z.boolean().default(true),
});
export type EarlierVersions = z.infer<typeof earlierVersionsSchema>;

/** What a file is waiting for. */
export const waitingSchema = z.object({
  code: z.enum(["queue", "module", "retry", "service", "disk", "storage"]),
  /** Files that are loaded before it; only with `queue`. */
  ahead: z.int().nonnegative().nullable().default(null),
});
export type Waiting = z.infer<typeof waitingSchema>;

/** A file as its owner sees it at `GET /v1/files/:id`. Times are ISO 8601 in UTC. */
export const fileViewSchema = z.object({
  ...{ id, name, version, size, sha256 },
  state: z.enum(FILE_STATES),
  attempts: z.int().nonnegative(),
  rows: rowCountsSchema,
  receivedAt: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  nextTryAt: z.string().nullable(),
  /** Seconds from the start of the last attempt to its end. */
  seconds: z.number().nullable(),
  moduleVersion: z.string().nullable(),
  reason: z.object({ code: z.string(), message: z.string() }).nullable(),
  /** Remarks about the file, such as columns that the module ignores. None from older servers. */
  notices: z.array(z.string()).default([]),
  /** The later version of this file whose rows have replaced this one's. */
  replacedBy: z.string().nullable().default(null),
  /** The number of that version. */
  replacedByVersion: z.int().positive().nullable().default(null),
  /**
   * The earlier versions of this file whose rows were removed when it was loaded, or will be when it
   * is.
   */
  replaces: z.array(z.int().positive()).default([]),
  /** The earlier versions of this file whose rows are stored beside this one's. */
  earlier: earlierVersionsSchema.nullable().default(null),
  /** What the file is waiting for; null when it has ended or is loading. None from older servers. */
  waitingFor: waitingSchema.nullable().default(null),
});
export type FileView = z.infer<typeof fileViewSchema>;

/** Why a file was not loaded: a stable code in kebab-case, and a sentence that its owner may read. */
export type FileReason = NonNullable<FileView["reason"]>;

export const fileListSchema = z.object({
  files: z.array(fileViewSchema),
  /** Pass as `?after=` to get the next page; null on the last. */
  next: z.string().nullable(),
});
export type FileList = z.infer<typeof fileListSchema>;

/** A record that was not stored. `line` and `column` count from 1. */
export const rejectViewSchema = z.object({
  line: z.int().positive(),
  column: z.union([z.string(), z.int()]).nullable(),
  reason: z.string(),
  /** The record as in the file, cut at 4,096 characters. */
  raw: z.string(),
  /** The number of lines that it covers, if more than one: how often it counts. Not kept. */
  lines: z.int().positive().optional(),
});
export type RejectView = z.infer<typeof rejectViewSchema>;

export const rejectListSchema = z.object({
  rejects: z.array(rejectViewSchema),
  /** Pass as `?after=` to get the next page; null on the last. */
  next: z.int().nullable(),
});
export type RejectList = z.infer<typeof rejectListSchema>;

/** One of the caller's unfinished uploads at `GET /v1/uploads`. */
export const uploadViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  sha256: z.string().nullable(),
  /** Bytes that the finished file will have. */
  length: z.int().nonnegative(),
  /** Bytes that the server has received. */
  offset: z.int().nonnegative(),
  createdAt: z.string(),
  /** When it is deleted if no byte arrives until then. */
  expiresAt: z.string(),
  /** Seconds since its last byte arrived; since its creation if none has. */
  idleSeconds: z.int().nonnegative(),
});
export type UploadView = z.infer<typeof uploadViewSchema>;
export const uploadListSchema = z.object({ uploads: z.array(uploadViewSchema) });
