import { dirname } from "node:path";
import { Failure, messageOf } from "../base/failure.ts";
import { checkTenantName } from "../base/tenant_name.ts";
import { type Account, formatUsers, parseUsers } from "./users_text.ts";
import { replaceFile, withLock } from "./users_disk.ts";

// File systems stamp times by ticks of some milliseconds: a file that was written this shortly
// before it was read may have been written again without showing it.
const SETTLED_MS = 1_000;

interface Snapshot {
  signature: string;
  settled: boolean;
  result: ReadonlyMap<string, Account> | Failure;
}

const NO_ACCOUNTS: ReadonlyMap<string, Account> = new Map();

/**
 * The accounts in users.json. Reading notices when another process has changed the file; writing
 * is atomic, durable, and takes turns with other processes.
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
  #snapshot: Snapshot | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * All accounts by name; none when there is no file.
   *
   * @throws {Failure} `bad-users-file` (the same object until the file changes),
   * `users-file-unreadable`
   */
  accounts(): ReadonlyMap<string, Account> {
    const info = this.#stat();
    if (!info) return NO_ACCOUNTS;
    const signature = `${info.ino} ${info.size} ${info.mtime?.getTime()} ${info.ctime?.getTime()}`;
    if (this.#snapshot?.signature !== signature || !this.#snapshot.settled) {
      const written = Math.max(info.mtime?.getTime() ?? 0, info.ctime?.getTime() ?? 0);
      const settled = Date.now() - written > SETTLED_MS;
      this.#snapshot = { signature, settled, result: this.#read() };
    }
    const { result } = this.#snapshot;
    if (result instanceof Failure) throw result;
    return result;
  }

  /** All accounts in the order of their names. */
  list(): Account[] {
    return [...this.accounts().values()].sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /**
   * Adds an account. Like all that changes the file it throws what {@link accounts} throws,
   * and `users-file-unwritable`.
   *
   * @param stored its hash, see `hashPassword`
   * @throws {Failure} `bad-tenant-name`, `tenant-exists`
   */
  async add(name: string, stored: string): Promise<void> {
    checkTenantName(name);
    await this.#change((accounts) => {
      if (accounts.has(name)) {
        throw new Failure("usage", "tenant-exists", `Cannot add the tenant "${name}": it exists`, {
          hint: `To set its password: mysimbdp manage tenant passwd ${name}`,
        });
      }
      accounts.set(name, { name, enabled: true, stored });
    });
  }

  /**
   * Sets an account's hash; a disabled account stays so.
   *
   * @throws {Failure} `no-such-tenant`
   */
  async setHash(name: string, stored: string): Promise<void> {
    await this.#change((accounts) => {
      accounts.set(name, { ...existing(accounts, name), stored });
    });
  }

  /**
   * Sets an account's hash if it is enabled and its hash is still the expected one.
   *
   * @returns whether it was set
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

  /** Refuses the account from now on. @throws {Failure} `no-such-tenant` */
  async disable(name: string): Promise<void> {
    await this.#setEnabled(name, false);
  }

  /** Accepts the account again, with the password it had. @throws {Failure} `no-such-tenant` */
  async enable(name: string): Promise<void> {
    await this.#setEnabled(name, true);
  }

  async #setEnabled(name: string, enabled: boolean): Promise<void> {
    await this.#change((accounts) => {
      accounts.set(name, { ...existing(accounts, name), enabled });
    });
  }

  async #change(edit: (accounts: Map<string, Account>) => void): Promise<void> {
    await this.#locked(async () => {
      this.#snapshot = null;
      const accounts = new Map(this.accounts());
      const before = formatUsers(accounts);
      edit(accounts);
      const after = formatUsers(accounts);
      if (after !== before) await replaceFile(this.path, after);
      this.#snapshot = null;
    });
  }

  async #locked(work: () => Promise<void>): Promise<void> {
    try {
      await withLock(`${this.path}.lock`, dirname(this.path), work);
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

function existing(accounts: ReadonlyMap<string, Account>, name: string): Account {
  const account = accounts.get(name);
  if (account) return account;
  throw new Failure("usage", "no-such-tenant", `Cannot find the tenant "${name}": there is none`, {
    hint: "To see them all: mysimbdp manage tenant list",
  });
}

function unusable(verb: "read" | "write", path: string, cause: unknown): Failure {
  return new Failure(
    "usage",
    verb === "read" ? "users-file-unreadable" : "users-file-unwritable",
    `Cannot ${verb} the accounts in "${path}": ${reasonOf(cause)}`,
    { hint: "Run as the user that owns the data directory, and check that it is there.", cause },
  );
}

function reasonOf(cause: unknown): string {
  if (cause instanceof Deno.errors.PermissionDenied) return "permission is denied";
  if (cause instanceof Deno.errors.NotFound) return "its folder is missing";
  return messageOf(cause);
}
