import type { Client } from "cassandra-driver";
import { type Clock, systemClock } from "../../base/clock.ts";
import { storageClosed } from "../failures.ts";
import { cassandraFailure } from "./errors.ts";

/** Maximum number of clients that stay connected without being used. */
const MAX_CLIENTS = 50;
/** Milliseconds without use after which a client is closed. */
const IDLE_MS = 300_000;

/** A client that is borrowed for one load. */
export interface BorrowedClient {
  readonly client: Client;
  /** Whether it has just logged in. */
  readonly isNew: boolean;
  /** Call it once. @param isFailing true: nobody else gets this client */
  giveBack(isFailing: boolean): Promise<void>;
}

interface Entry {
  role: string;
  client: Promise<Client>;
  users: number;
  /** When it was last given back, by the monotonic clock. */
  idleSince: number;
}

interface TenantClientsOptions {
  /** Creates a client; it need not be connected. */
  open: (role: string) => Promise<Client>;
  clock?: Clock;
  maxClients?: number;
  idleMs?: number;
}

/**
 * The clients of the tenants' roles, which stay connected between loads: a login takes as long as a small
 * file. All loads of a tenant share one. Of those that nobody uses, the last {@link MAX_CLIENTS} are
 * kept, for {@link IDLE_MS}.
 */
export class TenantClients {
  readonly #open: (role: string) => Promise<Client>;
  readonly #clock: Clock;
  readonly #maxClients: number;
  readonly #idleMs: number;
  /** By role, the one that was used last at the end. */
  readonly #entries = new Map<string, Entry>();
  readonly #closing = new Set<Promise<void>>();
  readonly #closed = new AbortController();
  #sweeping = false;

  constructor(
    { open, clock = systemClock, maxClients = MAX_CLIENTS, idleMs = IDLE_MS }: TenantClientsOptions,
  ) {
    this.#open = open;
    this.#clock = clock;
    this.#maxClients = maxClients;
    this.#idleMs = idleMs;
  }

  /**
   * Returns the client of a role, which logs in if there is none.
   * @throws {Failure} kind `storage`
   */
  async borrow(role: string): Promise<BorrowedClient> {
    if (this.#closed.signal.aborted) throw storageClosed();
    const known = this.#entries.get(role);
    const entry = known ?? { role, client: this.#connect(role), users: 0, idleSince: 0 };
    entry.users++;
    this.#entries.delete(role);
    this.#entries.set(role, entry);
    this.#dropOldest();
    try {
      const client = await entry.client;
      return {
        client,
        isNew: known === undefined,
        giveBack: (isFailing) => this.#giveBack(entry, isFailing),
      };
    } catch (error) {
      await this.#giveBack(entry, true);
      throw cassandraFailure(error, `Cannot log in as "${role}"`);
    }
  }

  /** Closes all clients; those in use when they are given back. */
  async close(): Promise<void> {
    this.#closed.abort();
    for (const entry of [...this.#entries.values()]) this.#drop(entry);
    await Promise.all(this.#closing);
  }

  async #connect(role: string): Promise<Client> {
    const client = await this.#open(role);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.shutdown().catch(() => undefined);
      throw error;
    }
  }

  async #giveBack(entry: Entry, isFailing: boolean): Promise<void> {
    entry.users--;
    entry.idleSince = this.#clock.monotonic();
    const isKept = this.#entries.get(entry.role) === entry;
    if (isFailing && isKept) this.#drop(entry);
    else if (!isKept && entry.users === 0) this.#shutDown(entry);
    this.#dropOldest();
    this.#sweep();
    if (!isKept || isFailing) await Promise.all(this.#closing);
  }

  #dropOldest(): void {
    for (const entry of this.#entries.values()) {
      if (this.#entries.size <= this.#maxClients) return;
      if (entry.users === 0) this.#drop(entry);
    }
  }

  /** Lends it to nobody else, and closes it when nobody uses it. */
  #drop(entry: Entry): void {
    this.#entries.delete(entry.role);
    if (entry.users === 0) this.#shutDown(entry);
  }

  #shutDown({ client }: Entry): void {
    const closing: Promise<void> = client
      .then((opened) => opened.shutdown())
      .catch(() => undefined)
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  /** Closes clients that nobody has used for a while; ends when there are none left. */
  #sweep(): void {
    if (this.#sweeping || this.#closed.signal.aborted) return;
    this.#sweeping = true;
    void (async () => {
      while (this.#entries.size > 0) {
        await this.#clock.sleep(this.#idleMs, this.#closed.signal);
        const due = this.#clock.monotonic() - this.#idleMs;
        for (const entry of [...this.#entries.values()]) {
          if (entry.users === 0 && entry.idleSince <= due) this.#drop(entry);
        }
      }
    })().catch(() => undefined).finally(() => this.#sweeping = false);
  }
}
