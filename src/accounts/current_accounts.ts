import { Failure } from "../base/failure.ts";
import type { Emit } from "../telemetry/events.ts";
import type { UsersFile } from "./users.ts";
import type { Account } from "./users_text.ts";

/**
 * The accounts in a file, or while it is broken the last ones that could be read. Each fault of the
 * file is reported once.
 *
 * @throws {Failure} `bad-users-file`, `users-file-unreadable` if nothing can be read at the start
 */
export class CurrentAccounts {
  readonly #users: UsersFile;
  readonly #emit: Emit;
  #lastGood: ReadonlyMap<string, Account>;
  #anySeed: { accounts: ReadonlyMap<string, Account>; found: boolean } | null = null;
  #lastFailure: Failure | null = null;
  #invalidNames: string[] = [];

  constructor(users: UsersFile, emit: Emit) {
    this.#users = users;
    this.#emit = emit;
    this.#lastGood = this.#first();
    if (this.#lastFailure) emit({ kind: "users.broken", error: this.#lastFailure.message });
    else this.#reportInvalidNames();
  }

  /** One account with a fault must not keep all others out. */
  #first(): ReadonlyMap<string, Account> {
    try {
      return this.#users.accounts();
    } catch (error) {
      const usable = this.#users.usable();
      this.#lastFailure = error as Failure;
      return usable;
    }
  }

  /** The account with this name; null if there is none, or if it is disabled. */
  enabled(name: string): Account | null {
    const account = this.all().get(name);
    return account?.enabled ? account : null;
  }

  /** Whether an account has a hash of the first version's format. */
  anySeed(): boolean {
    const accounts = this.all();
    if (this.#anySeed?.accounts !== accounts) {
      const found = [...accounts.values()].some(({ stored }) => !stored.startsWith("$"));
      this.#anySeed = { accounts, found };
    }
    return this.#anySeed.found;
  }

  all(): ReadonlyMap<string, Account> {
    try {
      const accounts = this.#users.accounts();
      // Removed by mistake: nobody would be let in.
      if (accounts.size === 0 && this.#lastGood.size > 0) this.#users.requireFile();
      this.#lastFailure = null;
      if (accounts !== this.#lastGood) {
        this.#lastGood = accounts;
        this.#reportInvalidNames();
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const known = this.#lastFailure?.message === error.message;
      this.#lastFailure = error;
      if (!known) this.#emit({ kind: "users.broken", error: error.message });
    }
    return this.#lastGood;
  }

  #reportInvalidNames(): void {
    const names = this.#users.invalidNames();
    if (names.length > 0 && names.join() !== this.#invalidNames.join()) {
      this.#emit({ kind: "accounts.invalid_name", names });
    }
    this.#invalidNames = names;
  }
}
