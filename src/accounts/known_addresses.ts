import { createHmac, randomBytes } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { orNull, writeAtomically } from "../data/durable.ts";

/** Addresses that are remembered of one account. */
const MAX_ADDRESSES = 10;
/** Accounts of which addresses are remembered. */
const MAX_ACCOUNTS = 5_000;
/** Milliseconds between two writes of the file. */
const WRITE_MS = 60_000;
/** Bytes of a digest: enough to tell ten addresses apart. */
const DIGEST_BYTES = 9;

const fileSchema = z.object({
  key: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
  accounts: z.record(z.string(), z.array(z.string().max(16)).max(MAX_ADDRESSES)),
});

interface KnownAddressesOptions {
  /** The path of the file that keeps them; null keeps them in memory. */
  path: string | null;
  clock: Pick<Clock, "monotonic">;
  /** Whether an account still exists; others are forgotten. */
  isAccount(name: string): boolean;
}

/**
 * Remembers from which address groups each account has signed in, the last ten of them. They are kept
 * as keyed digests in a small file that survives a restart; losing it only means that an account under
 * attack is slowed down everywhere until it has signed in again.
 *
 * @example
 * ```ts
 * import { systemClock } from "../base/clock.ts";
 * import { KnownAddresses } from "./known_addresses.ts";
 * const known = new KnownAddresses({ path: null, clock: systemClock, isAccount: () => true });
 * known.add("customer-1", "192.0.2.1");
 * known.has("customer-1", "192.0.2.1"); // true
 * ```
 */
export class KnownAddresses {
  readonly #options: KnownAddressesOptions;
  readonly #key: Uint8Array;
  /** Of each account, the address used last is the last. */
  readonly #accounts: Map<string, string[]>;
  #writtenAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: KnownAddressesOptions) {
    this.#options = options;
    const kept = options.path === null ? null : read(options.path);
    this.#key = kept ? Uint8Array.fromBase64(kept.key) : randomBytes(32);
    this.#accounts = new Map(Object.entries(kept?.accounts ?? {}));
  }

  /** Whether an account has signed in from this address group. */
  has(account: string, group: string): boolean {
    return this.#accounts.get(account)?.includes(this.#digest(account, group)) ?? false;
  }

  /** Remembers that an account has signed in from this address group. */
  add(account: string, group: string): void {
    const digest = this.#digest(account, group);
    const digests = this.#accounts.get(account) ?? [];
    if (digests.at(-1) === digest) return;
    const [oldest] = this.#accounts.keys();
    if (!this.#accounts.delete(account) && this.#accounts.size >= MAX_ACCOUNTS) {
      if (oldest !== undefined) this.#accounts.delete(oldest);
    }
    const others = digests.filter((each) => each !== digest);
    this.#accounts.set(account, [...others, digest].slice(-MAX_ADDRESSES));
    this.#writeSoon();
  }

  /** Writes what is not yet written. */
  async flush(): Promise<void> {
    if (this.#timer !== undefined) this.#write();
    await this.#writing;
  }

  #writeSoon(): void {
    if (this.#options.path === null || this.#timer !== undefined) return;
    const wait = Math.max(0, this.#writtenAt + WRITE_MS - this.#options.clock.monotonic());
    this.#timer = setTimeout(() => this.#write(), Math.min(wait, WRITE_MS));
    Deno.unrefTimer(this.#timer);
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writtenAt = this.#options.clock.monotonic();
    const { path } = this.#options;
    if (path === null) return;
    for (const name of this.#accounts.keys()) {
      if (!this.#options.isAccount(name)) this.#accounts.delete(name);
    }
    const accounts = Object.fromEntries(this.#accounts);
    const text = JSON.stringify({ key: this.#key.toBase64(), accounts });
    // On a full disk they are only in memory, which is enough until the process ends.
    this.#writing = this.#writing.then(() => orNull(writeAtomically(path, text)))
      .then(() => {}, () => {});
  }

  #digest(account: string, group: string): string {
    const hmac = createHmac("sha256", this.#key).update(JSON.stringify([account, group]));
    return hmac.digest().subarray(0, DIGEST_BYTES).toString("base64");
  }
}

/** A damaged file must not prevent anybody from signing in. */
function read(path: string): z.infer<typeof fileSchema> | null {
  try {
    return fileSchema.safeParse(JSON.parse(Deno.readTextFileSync(path))).data ?? null;
  } catch {
    return null;
  }
}
