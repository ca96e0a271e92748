import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * Whether the data directory that a service has opened is still there. It may be moved or removed, or
 * its disk unmounted, while the service runs; an empty mount point looks like an empty platform.
 */
export class DataPresence {
  readonly #root: string;
  readonly #opened: string | null;
  readonly #hadVersion: boolean;

  /** @param root a data directory, which is there now */
  constructor(root: string) {
    this.#root = root;
    this.#opened = this.#identity();
    this.#hadVersion = this.#hasVersion();
  }

  /** Takes some microseconds. */
  isGone(): boolean {
    return this.#identity() !== this.#opened || (this.#hadVersion && !this.#hasVersion());
  }

  /** A folder that is created again is another one: open databases belong to the first. */
  #identity(): string | null {
    try {
      const { dev, ino, birthtime } = Deno.statSync(join(this.#root, "db"));
      return `${dev} ${ino} ${birthtime?.getTime()}`;
    } catch {
      return null;
    }
  }

  #hasVersion(): boolean {
    return existsSync(join(this.#root, "version"));
  }
}
