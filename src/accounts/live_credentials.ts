import { Failure } from "../base/failure.ts";
import type { TokenScope } from "../protocol/tokens.ts";
import type { Emit } from "../telemetry/events.ts";
import { findToken, withUse } from "./api_tokens.ts";
import { type Credentials, credentialsFor, isLive, previousPassword } from "./credentials.ts";
import type { UsersFile } from "./users.ts";
import type { Account } from "./users_text.ts";

/** A password that works now. */
export interface Password {
  /** Its hash. */
  stored: string;
  generation: string;
}

/** Whose API token it is, and what it may do; or why it may do nothing any more. */
export type TokenUse =
  | { ok: true; tenant: string; id: string; scope: TokenScope }
  /** `expiredAt` is null for a token that is unknown or was revoked. */
  | { ok: false; expiredAt: string | null };

interface LiveCredentialsOptions {
  users: UsersFile;
  /** Milliseconds since the epoch. */
  now: () => number;
  emit: Emit;
}

/** A use is stored when the one before it is older; it is written for people. */
const USE_MS = 3_600_000;
const TIDY_MS = 60_000;

/**
 * The generations, old passwords and API tokens of accounts, as a server uses them: a file with a
 * fault keeps nobody out who has the password, and is reported once.
 */
export class LiveCredentials {
  readonly #users: UsersFile;
  readonly #now: () => number;
  readonly #emit: Emit;
  // The last content without faults.
  readonly #lastGood = new Map<string, Credentials>();
  readonly #faults = new Map<string, string>();
  /** When tokens were used, by account and id; not stored yet. */
  #uses = new Map<string, Map<string, number>>();
  #tidiedAt = 0;

  constructor({ users, now, emit }: LiveCredentialsOptions) {
    this.#users = users;
    this.#now = now;
    this.#emit = emit;
  }

  passwords(account: Account): readonly Password[] {
    const credentials = this.#of(account);
    const current = { stored: account.stored, generation: credentials.generation };
    const previous = previousPassword(credentials, this.#now());
    return previous === null ? [current] : [current, previous];
  }

  isLive(account: Account, generation: string): boolean {
    return isLive(this.#of(account), generation, this.#now());
  }

  /** Looks up an API token of the account, and notes its use. */
  use(account: Account, token: string): TokenUse {
    const found = findToken(this.#of(account), token);
    if (found === null) return { ok: false, expiredAt: null };
    const { id, scope, expiresAt, lastUsedAt } = found;
    const now = this.#now();
    if (Date.parse(expiresAt) <= now) return { ok: false, expiredAt: expiresAt };
    if (lastUsedAt === null || now - Date.parse(lastUsedAt) > USE_MS) {
      const uses = this.#uses.get(account.name) ?? new Map();
      this.#uses.set(account.name, uses.set(id, now));
    }
    return { ok: true, tenant: account.name, id, scope };
  }

  /** Ends the tokens of an account that was disabled by hand. @throws {Failure} if they cannot be */
  async endDisabled(account: Account): Promise<void> {
    const { tokens, previous } = this.#of(account);
    if (tokens.length > 0 || previous !== null) await this.#users.endDisabled(account.name);
  }

  /**
   * Stores when tokens were used, and removes the hashes of old passwords whose grace is over; at most
   * once a minute. A full disk does not matter.
   */
  async tidy(): Promise<void> {
    const now = this.#now();
    if (now - this.#tidiedAt < TIDY_MS) return;
    this.#tidiedAt = now;
    const change = (name: string, edit: (credentials: Credentials) => Credentials) =>
      this.#users.changeCredentials(name, edit).catch(() => {});
    const uses = this.#uses;
    this.#uses = new Map();
    for (const [name, used] of uses) await change(name, (each) => withUse(each, used));
    for (const [name, credentials] of this.#lastGood) {
      if (credentials.previous === null || previousPassword(credentials, now)) continue;
      this.#lastGood.delete(name);
      await change(
        name,
        (each) => previousPassword(each, now) ? each : { ...each, previous: null },
      );
    }
  }

  #of(account: Account): Credentials {
    const { name, stored } = account;
    try {
      const credentials = this.#users.credentials(account);
      this.#faults.delete(name);
      this.#lastGood.set(name, credentials);
      return credentials;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (this.#faults.get(name) !== error.message) {
        this.#faults.set(name, error.message);
        this.#emit({ kind: "credentials.broken", error: error.message });
      }
      return credentialsFor(this.#lastGood.get(name) ?? null, stored);
    }
  }
}
