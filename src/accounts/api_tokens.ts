import { randomBytes } from "node:crypto";
import { Failure } from "../base/failure.ts";
import {
  type NewToken,
  type NewTokenRequest,
  TOKEN_PREFIX,
  type TokenView,
} from "../protocol/tokens.ts";
import { type Credentials, digestOf, type StoredToken } from "./credentials.ts";
import type { UsersFile } from "./users.ts";

const DAY_MS = 86_400_000;
/** Expired tokens are still listed for this long, and a client that uses one gets a clear answer. */
const KEPT_MS = 30 * DAY_MS;
/** Maximum of one account: valid ones, and as many expired ones. */
const MAX_TOKENS = 100;

/** Finds a token by its hash, so that the time that takes says nothing about the token. */
export function findToken({ tokens }: Credentials, token: string): StoredToken | null {
  const digest = digestOf(token);
  return tokens.find(({ sha256 }) => sha256 === digest) ?? null;
}

/** The tokens that have not expired. */
export function validTokens({ tokens }: Credentials, now: number): StoredToken[] {
  return tokens.filter(({ expiresAt }) => Date.parse(expiresAt) > now);
}

/**
 * Creates a token of an account: 256 random bits, of which only a SHA-256 is stored.
 *
 * @param now milliseconds since the epoch
 * @returns the token, which cannot be shown again
 * @throws {Failure} `too-many-tokens`, and what {@link UsersFile.changeCredentials} throws
 *
 * @example
 * ```ts ignore
 * const { token } = await createToken(users, "customer-1", { name: "ci", scope: "send", expiresInDays: 90 }, now);
 * ```
 */
export async function createToken(
  users: UsersFile,
  account: string,
  { name, scope, expiresInDays }: NewTokenRequest,
  now: number,
): Promise<NewToken> {
  const token = `${TOKEN_PREFIX}${account}.${randomBytes(32).toString("base64url")}`;
  const view: TokenView = {
    id: randomBytes(8).toString("hex"),
    name,
    scope,
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(now + expiresInDays * DAY_MS).toISOString(),
    lastUsedAt: null,
  };
  await users.changeCredentials(account, (credentials) => {
    const valid = validTokens(credentials, now);
    if (valid.length >= MAX_TOKENS) throw tooMany(account);
    const kept = validTokens(credentials, now - KEPT_MS).filter((each) => !valid.includes(each));
    const tokens = [...kept.slice(-MAX_TOKENS), ...valid, { ...view, sha256: digestOf(token) }];
    return { ...credentials, tokens };
  });
  return { ...view, token };
}

/**
 * Returns the tokens of an account, newest first, including those that expired lately.
 * @throws {Failure} `no-such-tenant`, `bad-credentials-file`
 */
export function listTokens(users: UsersFile, account: string): TokenView[] {
  const { tokens } = users.credentials(users.get(account));
  return tokens.map(({ sha256: _, ...view }) => view).reverse();
}

/**
 * Revokes one token of an account, or all.
 *
 * @returns the revoked ones
 * @throws {Failure} `no-such-token`, `no-such-tenant`, `bad-credentials-file`
 */
export async function revokeTokens(
  users: UsersFile,
  account: string,
  which: { id: string } | "all",
): Promise<TokenView[]> {
  const isMeant = ({ id }: StoredToken) => which === "all" || id === which.id;
  let revoked: TokenView[] = [];
  await users.changeCredentials(account, (credentials) => {
    revoked = credentials.tokens.filter(isMeant).map(({ sha256: _, ...view }) => view);
    if (revoked.length === 0) return credentials;
    return { ...credentials, tokens: credentials.tokens.filter((token) => !isMeant(token)) };
  });
  if (which === "all" || revoked.length > 0) return revoked;
  const text = `Cannot find the token ${JSON.stringify(which.id)}: it does not exist`;
  throw new Failure("refused", "no-such-token", text, {
    hint: "It may have been revoked; list the tokens to see their ids.",
  });
}

/** Returns the credentials with the times at which tokens were used, by id. */
export function withUse(credentials: Credentials, used: ReadonlyMap<string, number>): Credentials {
  const tokens = credentials.tokens.map((token) => {
    const at = used.get(token.id);
    return at === undefined ? token : { ...token, lastUsedAt: new Date(at).toISOString() };
  });
  return { ...credentials, tokens };
}

function tooMany(account: string): Failure {
  const text = `Cannot create another token of "${account}": it has ${MAX_TOKENS}`;
  return new Failure("refused", "too-many-tokens", text, {
    hint: "Revoke tokens that are not used any more.",
    details: { limit: MAX_TOKENS },
  });
}
