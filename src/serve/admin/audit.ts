import { z } from "zod";
import type { AuditList } from "../../protocol/admin_view.ts";
import type { AppContext, AppHandler } from "../http/env.ts";
import { parseQuery } from "../http/query.ts";
import type { AdminDeps } from "./deps.ts";

/** The query of `GET /v1/admin/audit`. */
export const auditQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe("The most to give."),
});

/** `GET /v1/admin/audit`: what operators did, newest first. */
export function listAudit({ audit }: Pick<AdminDeps, "audit">): AppHandler {
  return async (c) => {
    const { limit } = parseQuery(c, auditQuerySchema);
    return c.json({ entries: await audit.latest(limit) } satisfies AuditList);
  };
}

/** What an operator is about to do. No secret may be in it. */
interface Action {
  /** Such as `tenant.add`. */
  action: string;
  subject: string;
  details?: Record<string, unknown>;
}

/** Runs what an operator asked for and appends it to the audit log, refused or done. */
export function audited<T>(
  c: AppContext,
  { audit, now }: Pick<AdminDeps, "audit" | "now">,
  { action, subject, details = {} }: Action,
  work: () => Promise<T>,
): Promise<T> {
  const operator = c.get("operator") ?? "";
  const from = c.env?.address ?? "local";
  return audit.record({ operator, from, action, subject, details }, work, now);
}
