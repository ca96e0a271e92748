import { z } from "zod";
import { constraintsSchema } from "./constraints.ts";
import { FILE_STATES, fileViewSchema } from "./file_view.ts";
import { moduleFilesSchema, versionViewSchema } from "./module_view.ts";
import { REPLAY_ORDERS } from "./replay.ts";

/** A file as an operator sees it. */
export const adminFileSchema = fileViewSchema.extend({
  tenant: z.string(),
  /** An operator requested to load the file again, and `manage` has not started yet. */
  replayRequested: z.boolean(),
  /** The order that was requested; null if no replay is. */
  replayOrder: z.enum(REPLAY_ORDERS).nullable(),
  /** The orders in which the file can be loaded again; the first one is the default. */
  replayOrders: z.array(z.enum(REPLAY_ORDERS)),
});
export type AdminFile = z.infer<typeof adminFileSchema>;

export const adminFileListSchema = z.object({
  files: z.array(adminFileSchema),
  /** Pass as `?after=` to get the next page; null on the last. */
  next: z.string().nullable(),
});
export type AdminFileList = z.infer<typeof adminFileListSchema>;

/** The body that requests to load a file again. */
export const replayRequestSchema = z.strictObject({ order: z.enum(REPLAY_ORDERS).optional() });

/** A tenant's account and limits. */
export const tenantViewSchema = z.object({
  name: z.string(),
  enabled: z.boolean(),
  /** Until when the password before the current one works as well, ISO 8601 in UTC; or null. */
  oldPasswordUntil: z.string().nullable(),
  /** Null if the operator's file cannot be read: the account can then upload nothing. */
  constraints: constraintsSchema.nullable(),
  /** False when the platform's defaults apply. */
  ownConstraints: z.boolean(),
  module: z.object({
    /** The version in use. */
    current: z.string().nullable(),
    /** The versions that wait for approval, newest first. */
    pending: z.array(z.string()),
  }),
});
export type TenantView = z.infer<typeof tenantViewSchema>;
export const tenantListSchema = z.object({
  tenants: z.array(tenantViewSchema),
  /** Accounts in `users.json` whose names are not allowed; they cannot sign in. */
  invalidNames: z.array(z.string()),
});
export type TenantList = z.infer<typeof tenantListSchema>;

/** The body that creates an account; without a password one is generated. */
export const newTenantSchema = z.strictObject({
  name: z.string(),
  password: z.string().optional(),
});
/** The body that sets a password; without one it is generated. */
export const newPasswordSchema = z.strictObject({
  password: z.string().optional(),
  /** Seconds for which the old password works as well, up to 30 days. */
  graceSeconds: z.int().min(0).max(30 * 86_400).optional(),
});
/** The body that enables or disables an account. */
export const tenantChangeSchema = z.strictObject({ enabled: z.boolean() });

/** A new account or password; the password is null when the caller chose it. */
export const credentialsSchema = z.object({ name: z.string(), password: z.string().nullable() });
export type Credentials = z.infer<typeof credentialsSchema>;

/** The state of one tenant: its files, rows and failures. */
export const tenantHealthSchema = z.object({
  name: z.string(),
  /** Null for a tenant without an account, whose files are put into staging directly. */
  enabled: z.boolean().nullable(),
  files: z.record(z.enum(FILE_STATES), z.int().nonnegative()),
  rows: z.object({ stored: z.int().nonnegative(), rejected: z.int().nonnegative() }),
  /** Files in staging: waiting or being loaded. */
  waiting: z.int().nonnegative(),
  /** When the oldest waiting file arrived. */
  oldestWaitingAt: z.string().nullable(),
  /** The most recently finished file, if it failed. */
  failing: z.object({ fileId: z.string(), name: z.string(), reason: z.string() }).nullable(),
});
export type TenantHealth = z.infer<typeof tenantHealthSchema>;

/** What was loaded in one period; a file counts when it finishes. */
export const throughputSchema = z.object({
  at: z.string(),
  files: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  rows: z.int().nonnegative(),
  rejected: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
});
export type Throughput = z.infer<typeof throughputSchema>;

export const overviewSchema = z.object({
  queue: z.object({ files: z.int().nonnegative(), oldestAt: z.string().nullable() }),
  tenants: z.array(tenantHealthSchema),
  /** Oldest first; computed from the newest 5,000 files. */
  throughput: z.array(throughputSchema),
  bucketSeconds: z.int().positive(),
  /** Why files are refused and loads wait; null while the disks have room. */
  disk: z.object({
    cause: z.enum(["space", "inodes", "quota", "read-only", "gone"]),
    error: z.string(),
    hint: z.string(),
    /** Bytes to free; 0 for other causes than `space`. */
    missingBytes: z.int().nonnegative(),
  }).nullable(),
});
export type Overview = z.infer<typeof overviewSchema>;

/** One action of an operator, successful or not. */
export const auditEntrySchema = z.object({
  /** ISO 8601 in UTC. */
  at: z.string(),
  operator: z.string(),
  /** The network address, or `cli`. */
  from: z.string(),
  /** Such as `tenant.add`. */
  action: z.string(),
  /** The target: a tenant, an operator, a file. */
  subject: z.string(),
  details: z.record(z.string(), z.unknown()),
  /** `done`, or the code of the failure. */
  outcome: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;
/** The newest entries, newest first. */
export const auditListSchema = z.object({ entries: z.array(auditEntrySchema) });
export type AuditList = z.infer<typeof auditListSchema>;

/** The tables, hosts and secrets that a version of a module may use. */
export const permissionsViewSchema = z.object({
  write: z.array(z.string()),
  read: z.array(z.string()),
  net: z.array(z.string()),
  secrets: z.array(z.string()),
});
export type PermissionsView = z.infer<typeof permissionsViewSchema>;

/** What an operator who approves or rejects a version sees besides its files. */
const reviewSchema = versionViewSchema.extend({
  /** Whether it is the version in use. */
  current: z.boolean(),
  /** The version that it is compared with: the one in use, or the one used before it. */
  against: z.string().nullable(),
  /** What it may do, also where `tenant.json` does not say so; null if it was not built. */
  permissions: permissionsViewSchema.nullable(),
  /** Whether it is older than the version in use. */
  older: z.boolean(),
  /** SHA-256 over both versions, their files and the permissions; the approval has to name it. */
  seen: z.string(),
  /** It was approved, but `manage` has not created its tables yet. */
  approvalRequested: z.boolean(),
});
export type Review = z.infer<typeof reviewSchema>;

/** A version of a tenant's module, for the operator who approves or rejects it. */
export const versionReviewSchema = reviewSchema.extend({
  files: moduleFilesSchema,
  /** A unified diff; empty when both are the same. */
  diff: z.string(),
});
export type VersionReview = z.infer<typeof versionReviewSchema>;

/** A page of what a version changes. */
export const versionChangesSchema = reviewSchema.extend({
  /** From 1. */
  page: z.int().positive(),
  pages: z.int().positive(),
  /** Lines of a unified diff; none when both are the same. */
  lines: z.array(z.object({
    text: z.string(),
    /** A header, an added line, a removed one, or null. */
    tone: z.enum(["at", "add", "del"]).nullable(),
  })),
  /** Whether the first line continues the last one of the page before. */
  startsWithin: z.boolean(),
  /** Whether the last line continues on the next page. */
  endsWithin: z.boolean(),
});
export type VersionChanges = z.infer<typeof versionChangesSchema>;

/** The body that rejects a version. */
export const decisionSchema = z.strictObject({ note: z.string().max(1000).nullable().optional() });
/** The body that approves a version: it names what was seen. */
export const approvalSchema = decisionSchema.extend({ seen: z.string() });
