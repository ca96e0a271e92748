import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import { Failure, messageOf } from "../base/failure.ts";
import { TOKEN_SCOPES } from "../protocol/tokens.ts";
import { parseStoredHash } from "./stored_hash.ts";

const time = z.iso.datetime();

/** An API token as it is stored: only a hash of it. */
const storedTokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  scope: z.enum(TOKEN_SCOPES),
  /** Of the whole token, in hex. */
  sha256: z.string(),
  createdAt: time,
  expiresAt: time,
  /** Up to an hour old; null for a token that was not used. */
  lastUsedAt: time.nullable(),
});
export type StoredToken = z.infer<typeof storedTokenSchema>;

/** What an account has besides its name and the hash of its password. */
const credentialsSchema = z.object({
  /** Random; sessions of another generation have ended. */
  generation: z.string(),
  /**
   * SHA-256 of the hashes in the file of accounts that this belongs to: the current one, and the one
   * before it if the same password was hashed again. With another hash there, all of this is void.
   */
  hashes: z.array(z.string()).min(1),
  /** The password before the current one, with its generation, while it still works. */
  previous: z.object({
    stored: z.string().refine((stored) => parseStoredHash(stored) !== null),
    generation: z.string(),
    until: time,
  }).nullable(),
  tokens: z.array(storedTokenSchema),
});
export type Credentials = z.infer<typeof credentialsSchema>;

/** SHA-256 in hex; a password's hash is compared through it, and an API token found by it. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A new, random generation. */
export function newGeneration(): string {
  return randomBytes(16).toString("hex");
}

/**
 * Returns the credentials that belong to an account with this hash: the stored ones, or none if they
 * belong to an earlier password or to a removed account of the same name.
 */
export function credentialsFor(found: Credentials | null, stored: string): Credentials {
  const digest = digestOf(stored);
  const isOwn = found !== null && (found.hashes.includes(digest) ||
    (found.previous !== null && digestOf(found.previous.stored) === digest));
  return isOwn ? found : { generation: digest, hashes: [digest], previous: null, tokens: [] };
}

/** Returns the password before the current one while it works; `now` is milliseconds since the epoch. */
export function previousPassword(
  { previous }: Credentials,
  now: number,
): Credentials["previous"] {
  return previous !== null && Date.parse(previous.until) > now ? previous : null;
}

/** Whether what was opened in this generation is still open. */
export function isLive(credentials: Credentials, generation: string, now: number): boolean {
  return generation === credentials.generation ||
    generation === previousPassword(credentials, now)?.generation;
}

/**
 * Reads the text of a file of credentials.
 * @throws {Failure} `bad-credentials-file`; never quotes the text
 */
export function parseCredentials(text: string, path: string): Credentials {
  const found = checkText(text);
  if (typeof found === "string") throw badCredentialsFile(path, found);
  return found;
}

/** Returns why a text is no file of credentials; null if it is one. */
export function faultOfCredentials(text: string): string | null {
  const found = checkText(text);
  return typeof found === "string" ? found : null;
}

function checkText(text: string): Credentials | string {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return "it is not JSON";
  }
  const parsed = credentialsSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const at = parsed.error.issues[0]?.path.join(".");
  return at ? `"${at}" is not valid` : "it is not an object";
}

/** The failure of a file that the system cannot read. */
export function unreadableCredentials(path: string, cause: unknown): Failure {
  const isDenied = cause instanceof Deno.errors.PermissionDenied;
  return badCredentialsFile(path, isDenied ? "permission is denied" : messageOf(cause), cause);
}

function badCredentialsFile(path: string, state: string, cause?: unknown): Failure {
  const text = `Cannot read the API tokens of an account in "${path}": ${state}`;
  return new Failure("usage", "bad-credentials-file", text, {
    hint: "Restore the file from a backup, or remove it, which ends the account's tokens.",
    cause,
  });
}
