import type { FileRecord } from "../contract.ts";
import { hasEnded, ownName } from "./owner.ts";
import type { Parameter, Row, Session } from "./session.ts";

/** Heartbeats in the time of a lease. */
const BEATS_A_LEASE = 4;

interface Seen {
  owner: string;
  beat: number;
  /** When they were first seen, by the clock of this process. */
  since: number;
}

/**
 * Which process runs which file. The record of a running file has its owner and a heartbeat, a number
 * that the owner increments. A process that reads the same heartbeat for the time of a lease, by its
 * own clock, can take the file over: clocks of different machines are never compared.
 *
 * An owner that lost its lease notices when its next update is refused. Until then it does no harm:
 * the same file gives the same rows with the same timestamps.
 */
export class Leases {
  readonly #session: Session;
  readonly #keyspace: string;
  readonly #leaseMs: number;
  readonly #own = ownName();
  /** Files that this process runs: id → tenant and beat. */
  readonly #running = new Map<string, { tenant: string; beat: number }>();
  readonly #seen = new Map<string, Seen>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #beating: Promise<unknown> = Promise.resolve();

  constructor(session: Session, keyspace: string, leaseMs: number) {
    this.#session = session;
    this.#keyspace = keyspace;
    this.#leaseMs = leaseMs;
  }

  /** The owner to write into a record. */
  ownerOf(record: FileRecord): string | null {
    return record.state === "running" ? this.#own : null;
  }

  /** The condition, besides the state, for this process to update a running file. */
  conditionFor(id: string): { cql: string; values: Parameter[] } | null {
    if (this.#running.has(id)) return { cql: " AND owner = ?", values: [this.#own] };
    const seen = this.#seen.get(id);
    return seen === undefined
      ? null
      : { cql: " AND owner = ? AND beat = ?", values: [seen.owner, seen.beat] };
  }

  /** Call it after this process wrote a record. */
  moved({ id, tenant, state }: FileRecord): void {
    this.#seen.delete(id);
    if (state !== "running") {
      this.#running.delete(id);
      return;
    }
    this.#running.set(id, { tenant, beat: 0 });
    this.#timer ??= setInterval(() => {
      this.#beating = this.#beatAll();
    }, this.#leaseMs / BEATS_A_LEASE);
  }

  /** Whether no process runs a file with this row; call it only if this process does not. */
  isAbandoned(id: string, row: Row): boolean {
    const owner = row["owner"] as string | null ?? "";
    const beat = row["beat"] as number;
    const seen = this.#seen.get(id);
    const now = performance.now();
    if (seen?.owner !== owner || seen.beat !== beat) {
      this.#seen.set(id, { owner, beat, since: now });
    }
    // Owned by this process: it could not write the end of an attempt into the ledger.
    if (owner === this.#own || owner === "" || hasEnded(owner)) return true;
    const since = this.#seen.get(id)?.since ?? now;
    return now - since >= this.#leaseMs;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
  }

  async #beatAll(): Promise<void> {
    await Promise.all([...this.#running].map(async ([id, file]) => {
      try {
        await this.#session.run(
          `UPDATE ${this.#keyspace}.files SET beat = ? WHERE tenant = ? AND id = ?
           IF owner = ? AND state = 'running'`,
          [++file.beat, file.tenant, id, this.#own],
          false,
        );
      } catch {
        // While the cluster does not answer, no other process can take the file over either.
      }
    }));
  }
}
