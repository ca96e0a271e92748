import { z } from "zod";
import { auditListSchema } from "../../protocol/admin_view.ts";
import { PATHS } from "../../protocol/paths.ts";
import type { AppContext } from "../http/env.ts";
import { json, type Route, routesFor } from "../http/route.ts";
import type { AdminDeps } from "./deps.ts";

const define = routesFor("Operators", "operator");

const querySchema = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe(
    "The maximum number of entries.",
  ),
});

/** The audit log: what operators did. */
export function auditRoutes({ audit }: AdminDeps): Route[] {
  return [
    define({
      method: "get",
      path: `${PATHS.admin}/audit`,
      id: "listAudit",
      summary: "Show the audit log",
      description: "What operators did and what was refused, newest first.",
      query: { schema: querySchema, example: { limit: "100" } },
      answer: json(200, "Entries of the audit log.", auditListSchema, {
        entries: [{
          at: "2026-11-24T04:46:52.016Z",
          operator: "admin",
          from: "192.0.2.7",
          action: "tenant.disable",
          subject: "customer-1",
          details: {},
          outcome: "done",
        }],
      }),
      problems: ["bad-request"],
      handle: async (_c, { query }) => ({ entries: await audit.latest(query.limit) }),
    }),
  ];
}

/** An action of an operator, for the audit log. It must not contain a secret. */
interface Action {
  /** Such as `tenant.add`. */
  action: string;
  subject: string;
  details?: Record<string, unknown>;
}

/** Runs an action of the operator and appends its outcome to the audit log, even when it fails. */
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
