import type { Accounts } from "../../accounts/accounts.ts";
import { constraintsSchema, DEFAULT_CONSTRAINTS } from "../../protocol/constraints.ts";
import { PATHS } from "../../protocol/paths.ts";
import { batchSchema, sessionSchema } from "../../protocol/session.ts";
import { usageSchema } from "../../protocol/usage.ts";
import { closeSession, openSession } from "../http/auth.ts";
import { json, type Route, routesFor } from "../http/route.ts";
import { EXAMPLE_ID, EXAMPLE_SESSION, EXAMPLE_TOTALS } from "./examples.ts";
import { type UsageDeps, usageOf } from "./usage.ts";

const define = routesFor("Account", "customer");

/** The dependencies of the account routes. */
interface AccountDeps extends UsageDeps {
  accounts: Accounts;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Sessions, constraints, usage and batches. */
export function accountRoutes(deps: AccountDeps): Route[] {
  const { accounts, constraintsOf, intake, now } = deps;
  return [
    define({
      method: "post",
      path: PATHS.session,
      id: "openSession",
      scope: "account",
      summary: "Open a session",
      writes: false,
      description:
        "Exchanges the password for a token that is valid for at most an hour. Requires " +
        "HTTP Basic: a token cannot renew itself.",
      answer: json(
        201,
        "The token. It also ends when the password changes, the account is disabled " +
          "or the server stops.",
        sessionSchema,
        EXAMPLE_SESSION,
      ),
      handle: (c) => openSession(c, accounts),
    }),
    define({
      method: "delete",
      path: PATHS.session,
      id: "closeSession",
      scope: "account",
      summary: "Close a session",
      writes: false,
      description: "Invalidates the token that the request carries.",
      answer: { status: 204, description: "The session is closed." },
      problems: ["bad-request"],
      handle: (c) => closeSession(c, accounts),
    }),
    define({
      method: "get",
      path: PATHS.constraints,
      id: "showConstraints",
      summary: "Show your upload limits",
      description: "Sizes are in KB of 1,024 bytes. The case of an extension does not matter.",
      answer: json(200, "Your constraints.", constraintsSchema, DEFAULT_CONSTRAINTS),
      problems: ["limits-unreadable"],
      handle: (c) => constraintsOf(c.get("tenant")),
    }),
    define({
      method: "get",
      path: PATHS.usage,
      id: "showUsage",
      summary: "Show your usage",
      description:
        "Files by state, total rows, and the number of uploads that you can still begin.",
      answer: json(200, "Your totals.", usageSchema, {
        ...EXAMPLE_TOTALS,
        uploads: { unfinished: 2, left: 8 },
      }),
      problems: ["unavailable", "limits-unreadable"],
      handle: (c) => usageOf(deps, c.get("tenant")),
    }),
    define({
      method: "post",
      path: PATHS.batches,
      id: "openBatch",
      summary: "Open a batch",
      description: "`number_files` limits the files of one batch. Name the batch in the metadata " +
        "of its uploads. Uploads without one count together until they are finished.",
      answer: json(201, "The batch.", batchSchema, { id: EXAMPLE_ID }),
      handle: (c) => {
        const id = intake.nextId();
        intake.receipts.openBatch(c.get("tenant"), id, now());
        return { id };
      },
    }),
  ];
}
