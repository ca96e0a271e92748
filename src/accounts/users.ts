import { dirname, join } from "node:path";
import { diskCauseOf } from "../base/disk.ts";
import { Failure, messageOf } from "../base/failure.ts";
import { nearest } from "../base/nearest.ts";
import { checkTenantName, isTenantName } from "../base/tenant_name.ts";
import { type Credentials, credentialsFor, digestOf, newGeneration } from "./credentials.ts";
import { CredentialsStore } from "./credentials_store.ts";
import { type Account, formatUsers, isAccountName, parseUsers, usableUsers } from "./users_text.ts";
import { WatchedFile } from "./watched_file.ts";
import { writeDurably } from "../data/durable.ts";
import { withFileLock } from "../data/file_lock.ts";

const NO_ACCOUNTS: ReadonlyMap<string, Account> = new Map();

/** Whose accounts a file contains: decides which names are allowed, and how errors are worded. */
export type AccountKind = "tenant" | "operator";

/**
 * The accounts in users.json (tenants) or admins.json (operators). Reading notices when another
 * process has changed the file; writing is atomic and durable, one process at a time.
 *
 * @example
 * ```ts
 * import { UsersFile } from "./users.ts";
 * const users = new UsersFile("/var/lib/mysimbdp/users.json");
 * users.list().map((account) => account.name); // ["customer-1", "customer-2"]
 * ```
 */
export class UsersFile {
  readonly path: string;
  readonly kind: AccountKind;
  readonly #file: WatchedFile<ReadonlyMap<string, Account>>;
  readonly #credentials: CredentialsStore;

  constructor(path: string, kind: AccountKind = "tenant") {
    this.path = path;
    this.kind = kind;
    this.#file = new WatchedFile<ReadonlyMap<string, Account>>(
      path,
      (text) => parseUsers(text, path),
      (cause) => unusable("read", path, cause),
    );
    this.#credentials = new CredentialsStore(join(dirname(path), "credentials", `${kind}s`));
  }

  /**
   * Returns all accounts by name; none when the file does not exist.
   *
   * @throws {Failure} `bad-users-file` (the same object until the file changes),
   * `users-file-unreadable`
   */
  accounts(): ReadonlyMap<string, Account> {
    return this.#file.read() ?? NO_ACCOUNTS;
  }

  /**
   * Returns the accounts without faults, in a file that has some.
   * @throws {Failure} `bad-users-file`, `users-file-unreadable`
   */
  usable(): ReadonlyMap<string, Account> {
    try {
      return usableUsers(Deno.readTextFileSync(this.path), this.path);
    } catch (error) {
      throw error instanceof Failure ? error : unusable("read", this.path, error);
    }
  }

  /** @throws {Failure} `bad-users-file` when the file does not exist */
  requireFile(): void {
    if (this.#file.exists()) return;
    const text = `Cannot read the accounts in "${this.path}": it does not exist`;
    throw new Failure("usage", "bad-users-file", text, {
      hint: 'Restore the file from a backup. Without accounts it contains "{}".',
    });
  }

  /** Returns all accounts, sorted by name. */
  list(): Account[] {
    return [...this.accounts().values()].sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /**
   * Returns the names of tenants' accounts that {@link isTenantName} does not allow, sorted. These
   * accounts cannot sign in.
   */
  invalidNames(): string[] {
    if (this.kind === "operator") return [];
    return this.list().map(({ name }) => name).filter((name) => !isTenantName(name));
  }

  /**
   * Returns one account.
   *
   * @throws {Failure} `no-such-tenant` or `no-such-operator`
   */
  get(name: string): Account {
    return this.#existing(this.accounts(), name);
  }

  /**
   * Adds an account. Like every method that changes the file it also throws what {@link accounts}
   * throws, and `users-file-unwritable`.
   *
   * @param stored its hash, see `hashPassword`
   * @throws {Failure} `bad-tenant-name` and `tenant-exists`, or `bad-operator-name` and
   * `operator-exists`
   */
  async add(name: string, stored: string): Promise<void> {
    this.#checkName(name);
    const { kind } = this;
    await this.#change((accounts) => {
      if (accounts.has(name)) {
        throw new Failure("usage", `${kind}-exists`, `Cannot add ${kind} "${name}": it exists`, {
          hint: `Run mysimbdp manage ${kind} passwd ${name} to set its password.`,
        });
      }
      accounts.set(name, { name, enabled: true, stored });
    });
  }

  /**
   * Returns what an account has besides its password's hash: its generation, an old password that
   * still works, and API tokens.
   *
   * @throws {Failure} `bad-credentials-file`
   */
  credentials({ name, stored }: Account): Credentials {
    return credentialsFor(this.#credentials.read(name), stored);
  }

  /**
   * Sets an account's hash; a disabled account stays disabled.
   *
   * @param graceUntil until then, in milliseconds since the epoch, the old password works as well,
   * and what was opened with it stays open. Without it all of that ends now, and so do API tokens.
   * @throws {Failure} `no-such-tenant` or `no-such-operator`; with a grace `bad-credentials-file`
   */
  async setHash(name: string, stored: string, graceUntil: number | null = null): Promise<void> {
    await this.#change(async (accounts) => {
      const account = this.#existing(accounts, name);
      accounts.set(name, { ...account, stored });
      // Without a file nothing of the old password is left: all of it names the hash.
      if (graceUntil === null) return () => this.#credentials.remove(name);
      const { generation, tokens } = this.credentials(account);
      await this.#credentials.write(name, {
        generation: newGeneration(),
        hashes: [digestOf(stored)],
        previous: {
          stored: account.stored,
          generation,
          until: new Date(graceUntil).toISOString(),
        },
        tokens,
      });
    });
  }

  /**
   * Sets an account's hash to another one of the same password, if it is enabled and its hash is still
   * the expected one.
   *
   * @returns whether the hash was set
   */
  async replaceHash(name: string, expected: string, stored: string): Promise<boolean> {
    let replaced = false;
    await this.#change(async (accounts) => {
      const account = accounts.get(name);
      replaced = account?.enabled === true && account.stored === expected;
      if (!account || !replaced) return;
      const hashes = [digestOf(stored), digestOf(expected)];
      await this.#credentials.write(name, { ...this.credentials(account), hashes });
      accounts.set(name, { ...account, stored });
    });
    return replaced;
  }

  /**
   * Allows or refuses logins; the password stays the same. Both end sessions and API tokens, as the
   * account may have been disabled by hand before.
   *
   * @throws {Failure} `no-such-tenant` or `no-such-operator`
   */
  async setEnabled(name: string, enabled: boolean): Promise<void> {
    await this.#change(async (accounts) => {
      const account = this.#existing(accounts, name);
      await this.#endAll(account);
      accounts.set(name, { ...account, enabled });
    });
  }

  /** Ends sessions and API tokens of an account that was disabled in the file by hand. */
  async endDisabled(name: string): Promise<void> {
    await this.#change(async (accounts) => {
      const account = accounts.get(name);
      if (account?.enabled === false) await this.#endAll(account);
    });
  }

  /**
   * Changes what an account has besides its password's hash.
   *
   * @param edit returns the new state; the given one if nothing changes
   * @throws {Failure} `no-such-tenant` or `no-such-operator`, `bad-credentials-file`
   */
  async changeCredentials(name: string, edit: (now: Credentials) => Credentials): Promise<void> {
    await this.#change(async (accounts) => {
      const credentials = this.credentials(this.#existing(accounts, name));
      const after = edit(credentials);
      if (after !== credentials) await this.#credentials.write(name, after);
    });
  }

  async #endAll({ name, stored }: Account): Promise<void> {
    const hashes = [digestOf(stored)];
    const nothing = { generation: newGeneration(), hashes, previous: null, tokens: [] };
    await this.#credentials.write(name, nothing);
  }

  #checkName(name: string): void {
    if (this.kind === "tenant") checkTenantName(name);
    else if (!isAccountName(name)) {
      const text = `Cannot use ${JSON.stringify(name)} as an operator name`;
      throw new Failure("usage", "bad-operator-name", text, {
        hint: 'Use 1 to 63 letters, digits, ".", "-" and "_", starting with a letter or a digit.',
      });
    }
  }

  #existing(accounts: ReadonlyMap<string, Account>, name: string): Account {
    const account = accounts.get(name);
    if (account) return account;
    const { kind } = this;
    const similar = nearest(name, [...accounts.keys()]);
    throw new Failure(
      "usage",
      `no-such-${kind}`,
      `Cannot find ${kind} ${JSON.stringify(name)}: it does not exist`,
      {
        hint: (similar === null ? "" : `Did you mean "${similar}"? `) +
          `Run mysimbdp manage ${kind} list to see all ${kind}s, or add it with ${kind} add.`,
      },
    );
  }

  /** @param edit changes the map; it can return what to do after the file is written */
  async #change(
    edit: (accounts: Map<string, Account>) => Promise<void | (() => Promise<void>)> | void,
  ): Promise<void> {
    await this.#locked(async () => {
      this.#file.forget();
      const accounts = new Map(this.accounts());
      const before = formatUsers(accounts);
      const last = await edit(accounts);
      const after = formatUsers(accounts);
      if (after !== before) await writeDurably(this.path, after);
      this.#file.forget();
      await last?.();
    });
  }

  async #locked(work: () => Promise<void>): Promise<void> {
    try {
      await withFileLock(`${this.path}.lock`, work);
    } catch (error) {
      throw error instanceof Failure ? error : unusable("write", this.path, error);
    }
  }
}

function unusable(verb: "read" | "write", path: string, cause: unknown): Failure {
  if (diskCauseOf(cause) !== null) {
    const text = `Cannot write the accounts in "${path}": ${messageOf(cause)}`;
    return new Failure("storage", "disk-full", text, {
      hint: "Free space on the disk, then try again. The accounts are unchanged.",
      cause,
    });
  }
  return new Failure(
    "usage",
    verb === "read" ? "users-file-unreadable" : "users-file-unwritable",
    `Cannot ${verb} the accounts in "${path}": ${reasonOf(cause)}`,
    { hint: "Run as the user that owns the data directory, and check that it exists.", cause },
  );
}

function reasonOf(cause: unknown): string {
  if (cause instanceof Deno.errors.PermissionDenied) return "permission is denied";
  if (cause instanceof Deno.errors.NotFound) return "its folder is missing";
  return messageOf(cause);
}
