import { constraintsSchema } from "../../protocol/constraints.ts";
import { PATHS } from "../../protocol/paths.ts";
import { batchSchema, sessionSchema } from "../../protocol/session.ts";
import { usageSchema } from "../../protocol/usage.ts";
import { EXAMPLE_CONSTRAINTS, EXAMPLE_ID, EXAMPLE_SESSION } from "./examples.ts";
import type { Operation } from "./operation.ts";

const TAG = "Account";

/** Sessions, constraints and batches. */
export const ACCOUNT_OPERATIONS: Operation[] = [
  {
    method: "post",
    path: PATHS.session,
    id: "openSession",
    tag: TAG,
    summary: "Open a session",
    description: "A token in exchange for the password, for an hour at most. It asks for HTTP " +
      "Basic: a token cannot renew itself.",
    audience: "customer",
    answer: {
      status: 201,
      description: "The token; it ends with the password, the account, or the server.",
      body: {
        schema: sessionSchema,
        example: EXAMPLE_SESSION,
      },
    },
  },
  {
    method: "delete",
    path: PATHS.session,
    id: "closeSession",
    tag: TAG,
    summary: "Close a session",
    description: "The token with which it comes is good for nothing afterwards.",
    audience: "customer",
    answer: { status: 204, description: "It is closed." },
    problems: ["bad-request"],
  },
  {
    method: "get",
    path: PATHS.constraints,
    id: "showConstraints",
    tag: TAG,
    summary: "What may be sent",
    description: "Sizes are in KB of 1,024 bytes; formats are compared without case.",
    audience: "customer",
    answer: {
      status: 200,
      description: "The caller's constraints.",
      body: {
        schema: constraintsSchema,
        example: EXAMPLE_CONSTRAINTS,
      },
    },
  },
  {
    method: "get",
    path: PATHS.usage,
    id: "showUsage",
    tag: TAG,
    summary: "What is there, and what is left",
    description: "Files by state, rows in sum, and how many more uploads may be begun now.",
    audience: "customer",
    answer: {
      status: 200,
      description: "The caller's sums.",
      body: {
        schema: usageSchema,
        example: {
          files: { received: 0, queued: 0, running: 1, ingested: 12, rejected: 0, quarantined: 1 },
          rows: { stored: 119_820, rejected: 15 },
          uploads: { unfinished: 2, left: 8 },
        },
      },
    },
    problems: ["unavailable"],
  },
  {
    method: "post",
    path: PATHS.batches,
    id: "openBatch",
    tag: TAG,
    summary: "Open a batch",
    description: "`number_files` counts within a batch; name it in the metadata of its uploads. " +
      "Without one, all unfinished uploads of the caller are its batch.",
    audience: "customer",
    answer: {
      status: 201,
      description: "The batch.",
      body: { schema: batchSchema, example: { id: EXAMPLE_ID } },
    },
  },
];
