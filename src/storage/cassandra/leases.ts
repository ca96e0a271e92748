import type { FileRecord } from "../contract.ts";
import { hasEnded, ownName } from "./owner.ts";
import type { Parameter, Row, Session } from "./session.ts";

/** How many signs of life fall into a lease. */
const BEATS_A_LEASE = 4;

interface Seen {
  owner: string;
  beat: number;
  /** When these were first seen, by this process's own clock. */
  since: number;
}

/**
 * Who runs which file. Each running file's record names its owner, who counts its beat up from time
 * to time. Whoever sees the same beat for a whole lease, by a clock of their own, may take the file
 * over: clocks of different machines are never compared.
 *
 * A claim that was lost is found when its owner's next update is refused. What an owner has done
 * until then does no harm: the same file gives the same rows at the same timestamps.
 */
export class Leases {
  readonly #session: Session;
  readonly #keyspace: string;
  readonly #leaseMs: number;
  readonly #own = ownName();
  /** Files that this process runs: id → tenant and beat. */
  readonly #held = new Map<string, { tenant: string; beat: number }>();
  readonly #seen = new Map<string, Seen>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #beating: Promise<unknown> = Promise.resolve();

  constructor(session: Session, keyspace: string, leaseMs: number) {
    this.#session = session;
    this.#keyspace = keyspace;
    this.#leaseMs = leaseMs;
  }

  /** The owner that a record is to have. */
  ownerOf(record: FileRecord): string | null {
    return record.state === "running" ? this.#own : null;
  }

  /** What must hold besides the state for a running file to be moved on by this process. */
  conditionFor(id: string): { cql: string; values: Parameter[] } | null {
    const held = this.#held.has(id);
    if (held) return { cql: " AND owner = ?", values: [this.#own] };
    const seen = this.#seen.get(id);
    return seen === undefined
      ? null
      : { cql: " AND owner = ? AND beat = ?", values: [seen.owner, seen.beat] };
  }

  /** A record was written by this process. */
  moved({ id, tenant, state }: FileRecord): void {
    this.#seen.delete(id);
    if (state !== "running") {
      this.#held.delete(id);
      return;
    }
    this.#held.set(id, { tenant, beat: 0 });
    this.#timer ??= setInterval(() => {
      this.#beating = this.#beatAll();
    }, this.#leaseMs / BEATS_A_LEASE);
  }

  /** Whether nobody runs a file whose row says so; asked by who does not run it itself. */
  isAbandoned(id: string, row: Row): boolean {
    const owner = row["owner"] as string | null ?? "";
    const beat = row["beat"] as number;
    const seen = this.#seen.get(id);
    const now = performance.now();
    if (seen?.owner !== owner || seen.beat !== beat) {
      this.#seen.set(id, { owner, beat, since: now });
    }
    // Its own: then the ledger could not be told how an attempt ended.
    if (owner === this.#own || owner === "" || hasEnded(owner)) return true;
    const since = this.#seen.get(id)?.since ?? now;
    return now - since >= this.#leaseMs;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
  }

  async #beatAll(): Promise<void> {
    await Promise.all([...this.#held].map(async ([id, held]) => {
      try {
        await this.#session.run(
          `UPDATE ${this.#keyspace}.files SET beat = ? WHERE tenant = ? AND id = ?
           IF owner = ? AND state = 'running'`,
          [++held.beat, held.tenant, id, this.#own],
          false,
        );
      } catch {
        // While the cluster does not answer nobody else can take the file over either.
      }
    }));
  }
}
