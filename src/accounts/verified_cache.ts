import { createHmac, randomBytes } from "node:crypto";

interface VerifiedCacheOptions {
  /** Milliseconds of a monotonic clock. */
  now: () => number;
  /** How long verified credentials are remembered. @default 300_000 */
  lifeMs?: number;
  /** @default 10_000 */
  maxEntries?: number;
}

/**
 * Remembers recently checked credentials by a keyed digest, so no password is in memory and the key
 * is lost with the process. The digest includes the stored hash: when that changes, the entry no
 * longer matches.
 */
export class VerifiedCache {
  readonly #secret = randomBytes(32);
  readonly #now: () => number;
  readonly #lifeMs: number;
  readonly #maxEntries: number;
  readonly #expiry = new Map<string, number>();

  constructor(options: VerifiedCacheOptions) {
    this.#now = options.now;
    this.#lifeMs = options.lifeMs ?? 300_000;
    this.#maxEntries = options.maxEntries ?? 10_000;
  }

  /** Returns the digest of these parts (HMAC-SHA256). */
  key(...parts: string[]): string {
    return createHmac("sha256", this.#secret).update(JSON.stringify(parts)).digest("base64");
  }

  has(key: string): boolean {
    const expiry = this.#expiry.get(key);
    if (expiry === undefined) return false;
    if (expiry > this.#now()) return true;
    this.#expiry.delete(key);
    return false;
  }

  add(key: string): void {
    this.#expiry.delete(key);
    const [oldest] = this.#expiry.keys();
    if (this.#expiry.size >= this.#maxEntries && oldest !== undefined) this.#expiry.delete(oldest);
    this.#expiry.set(key, this.#now() + this.#lifeMs);
  }

  clear(): void {
    this.#expiry.clear();
  }
}
