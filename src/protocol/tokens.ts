import { z } from "zod";
import { invisibleIn } from "../base/invisible.ts";

/** What API tokens can be allowed to do. */
export const TOKEN_SCOPES = ["send", "send,module"] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** Days. */
export const TOKEN_DAYS = { default: 90, max: 366 } as const;

/** How API tokens start, so that people and secret scanners recognize them. */
export const TOKEN_PREFIX = "mbdp_";

// The account's name leads to the file with its tokens; a dot cannot be in the random part.
const TOKEN = new RegExp(`^${TOKEN_PREFIX}(.{1,63})\\.[A-Za-z0-9_-]{43}$`, "s");

/** Returns the account that an API token names; null if the text has not the form of a token. */
export function accountOfToken(token: string): string | null {
  return TOKEN.exec(token)?.[1] ?? null;
}

/** The name of a token: for people. No characters that cannot be seen. */
export const tokenNameSchema = z.string().trim().min(1).max(100)
  .refine((name) => invisibleIn(name) === null, "it has characters that cannot be seen");

/** An API token; the token itself is shown only when it is created. */
export const tokenViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  scope: z.enum(TOKEN_SCOPES),
  /** ISO 8601 in UTC, like all times here. */
  createdAt: z.string(),
  expiresAt: z.string(),
  /** Up to an hour old; null for a token that was not used. */
  lastUsedAt: z.string().nullable(),
});
export type TokenView = z.infer<typeof tokenViewSchema>;
export const tokenListSchema = z.object({ tokens: z.array(tokenViewSchema) });

/** The body that creates a token. */
export const newTokenRequestSchema = z.strictObject({
  name: tokenNameSchema,
  scope: z.enum(TOKEN_SCOPES).default("send"),
  expiresInDays: z.int().min(1).max(TOKEN_DAYS.max).default(TOKEN_DAYS.default),
});
export type NewTokenRequest = z.output<typeof newTokenRequestSchema>;

/** A new token, shown once. */
export const newTokenSchema = tokenViewSchema.extend({ token: z.string() });
export type NewToken = z.infer<typeof newTokenSchema>;
