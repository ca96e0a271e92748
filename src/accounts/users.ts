import { signatureOf } from "../base/file_signature.ts";
import { diskCauseOf } from "../base/disk.ts";
import { Failure, messageOf } from "../base/failure.ts";
import { nearest } from "../base/nearest.ts";
import { checkTenantName, isTenantName } from "../base/tenant_name.ts";
import { type Account, formatUsers, isAccountName, parseUsers, usableUsers } from "./users_text.ts";
import { writeDurably } from "../data/durable.ts";
import { withFileLock } from "../data/file_lock.ts";

// File systems round timestamps to some milliseconds: a file that was read this soon after a write may
// have been written again with the same timestamp.
const SETTLED_MS = 1_000;

interface Snapshot {
  signature: string;
  settled: boolean;
  result: ReadonlyMap<string, Account> | Failure;
}

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
  #snapshot: Snapshot | null = null;

  constructor(path: string, kind: AccountKind = "tenant") {
    this.path = path;
    this.kind = kind;
  }

  /**
   * Returns all accounts by name; none when the file does not exist.
   *
   * @throws {Failure} `bad-users-file` (the same object until the file changes),
   * `users-file-unreadable`
   */
  accounts(): ReadonlyMap<string, Account> {
    const info = this.#stat();
    if (!info) return NO_ACCOUNTS;
    const signature = signatureOf(info);
    if (this.#snapshot?.signature !== signature || !this.#snapshot.settled) {
      const written = Math.max(info.mtime?.getTime() ?? 0, info.ctime?.getTime() ?? 0);
      const settled = Date.now() - written > SETTLED_MS;
      this.#snapshot = { signature, settled, result: this.#read() };
    }
    const { result } = this.#snapshot;
    if (result instanceof Failure) throw result;
    return result;
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
    if (this.#stat() !== null) return;
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
   * Sets an account's hash; a disabled account stays disabled.
   *
   * @throws {Failure} `no-such-tenant` or `no-such-operator`
   */
  async setHash(name: string, stored: string): Promise<void> {
    await this.#change((accounts) => {
      accounts.set(name, { ...this.#existing(accounts, name), stored });
    });
  }

  /**
   * Sets an account's hash if it is enabled and its hash is still the expected one.
   *
   * @returns whether the hash was set
   */
  async replaceHash(name: string, expected: string, stored: string): Promise<boolean> {
    let replaced = false;
    await this.#change((accounts) => {
      const account = accounts.get(name);
      replaced = account?.enabled === true && account.stored === expected;
      if (account && replaced) accounts.set(name, { ...account, stored });
    });
    return replaced;
  }

  /**
   * Allows or refuses logins; the password stays the same.
   *
   * @throws {Failure} `no-such-tenant` or `no-such-operator`
   */
  async setEnabled(name: string, enabled: boolean): Promise<void> {
    await this.#change((accounts) => {
      accounts.set(name, { ...this.#existing(accounts, name), enabled });
    });
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

  async #change(edit: (accounts: Map<string, Account>) => void): Promise<void> {
    await this.#locked(async () => {
      this.#snapshot = null;
      const accounts = new Map(this.accounts());
      const before = formatUsers(accounts);
      edit(accounts);
      const after = formatUsers(accounts);
      if (after !== before) await writeDurably(this.path, after);
      this.#snapshot = null;
    });
  }

  async #locked(work: () => Promise<void>): Promise<void> {
    try {
      await withFileLock(`${this.path}.lock`, work);
    } catch (error) {
      throw error instanceof Failure ? error : unusable("write", this.path, error);
    }
  }

  #stat(): Deno.FileInfo | null {
    try {
      return Deno.statSync(this.path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw unusable("read", this.path, error);
    }
  }

  #read(): ReadonlyMap<string, Account> | Failure {
    try {
      return parseUsers(Deno.readTextFileSync(this.path), this.path);
    } catch (error) {
      return error instanceof Failure ? error : unusable("read", this.path, error);
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
