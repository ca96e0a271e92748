import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "../base/clock.ts";

/** Maximum lifetime of a session. */
export const SESSION_SECONDS = 3600;

interface SessionsOptions {
  clock: Pick<Clock, "now" | "monotonic">;
  /** Maximum sessions of one tenant; a further one ends the oldest. @default 100 */
  maxPerTenant?: number;
}

/** An open session. */
interface Session {
  tenant: string;
  /** The generation of the account's credentials with which it was opened. */
  generation: string;
  /** Milliseconds of the monotonic clock: the time of day can be set. */
  endsAt: number;
}

/**
 * Sessions in memory, which end with the process. A token has 256 random bits; only its SHA-256 is
 * kept, so a memory dump reveals no token.
 *
 * @example
 * ```ts
 * import { systemClock } from "../base/clock.ts";
 * import { Sessions } from "./sessions.ts";
 * const sessions = new Sessions({ clock: systemClock });
 * const { token } = sessions.open("customer-1", "generation");
 * sessions.find(token)?.tenant; // "customer-1"
 * ```
 */
export class Sessions {
  readonly #clock: Pick<Clock, "now" | "monotonic">;
  readonly #maxPerTenant: number;
  readonly #byToken = new Map<string, Session>();
  // In the order they were opened, which is also the order they expire.
  readonly #byTenant = new Map<string, Set<string>>();

  constructor(options: SessionsOptions) {
    this.#clock = options.clock;
    this.#maxPerTenant = options.maxPerTenant ?? 100;
  }

  /** Opens a session. @returns its token, and when it ends in milliseconds since the epoch */
  open(tenant: string, generation: string): { token: string; expiresAt: number } {
    const mine = this.#byTenant.get(tenant) ?? new Set();
    this.#byTenant.set(tenant, mine);
    for (const key of [...mine]) {
      const ended = (this.#byToken.get(key)?.endsAt ?? 0) <= this.#clock.monotonic();
      if (ended || mine.size >= this.#maxPerTenant) this.#drop(key);
    }
    const token = randomBytes(32).toString("base64url");
    const key = keyOf(token);
    const lifeMs = SESSION_SECONDS * 1000;
    this.#byToken.set(key, { tenant, generation, endsAt: this.#clock.monotonic() + lifeMs });
    mine.add(key);
    return { token, expiresAt: this.#clock.now() + lifeMs };
  }

  /** Returns the session of a token; null when the token is unknown or has expired. */
  find(token: string): Session | null {
    const key = keyOf(token);
    const session = this.#byToken.get(key);
    if (!session) return null;
    if (session.endsAt > this.#clock.monotonic()) return session;
    this.#drop(key);
    return null;
  }

  close(token: string): void {
    this.#drop(keyOf(token));
  }

  /** Closes all sessions of a tenant. */
  closeAll(tenant: string): void {
    for (const key of [...this.#byTenant.get(tenant) ?? []]) this.#drop(key);
  }

  clear(): void {
    this.#byToken.clear();
    this.#byTenant.clear();
  }

  /** Number of sessions in memory. */
  get size(): number {
    return this.#byToken.size;
  }

  #drop(key: string): void {
    const session = this.#byToken.get(key);
    if (!session) return;
    this.#byToken.delete(key);
    this.#byTenant.get(session.tenant)?.delete(key);
  }
}

function keyOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}
