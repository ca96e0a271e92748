import { z } from "zod";

/** A session; its token is sent as `Authorization: Bearer`. */
export const sessionSchema = z.object({
  token: z.string(),
  tokenType: z.literal("Bearer"),
  /** ISO 8601 in UTC; at most an hour after the session was opened. */
  expiresAt: z.string(),
});
export type SessionView = z.infer<typeof sessionSchema>;

/** A batch; its id is sent in the metadata of its uploads. */
export const batchSchema = z.object({ id: z.string() });

/** The response of `/livez` and `/readyz`. */
export const healthSchema = z.object({ status: z.literal("ok") });
