import { z } from "zod";

/** A session: its token goes into `Authorization: Bearer`. */
export const sessionSchema = z.object({
  token: z.string(),
  tokenType: z.literal("Bearer"),
  /** ISO 8601 in UTC; an hour from its beginning at most. */
  expiresAt: z.string(),
});
export type SessionView = z.infer<typeof sessionSchema>;

/** A batch: its id goes into the metadata of the uploads that belong to it. */
export const batchSchema = z.object({ id: z.string() });

/** What `/livez` and `/readyz` answer. */
export const healthSchema = z.object({ status: z.literal("ok") });
