import { signatureOf } from "../base/file_signature.ts";
import { Failure } from "../base/failure.ts";

// File systems round timestamps to some milliseconds: a file that was read this soon after a write may
// have been written again with the same timestamp.
const SETTLED_MS = 1_000;

interface Snapshot<T> {
  signature: string;
  settled: boolean;
  result: T | Failure;
}

/**
 * The parsed content of a small file. It is read again only when its timestamps, size or inode have
 * changed, so asking for each request is cheap and notices the writes of other processes.
 *
 * @example
 * ```ts ignore
 * const file = new WatchedFile(path, JSON.parse, (error) => new Failure(…));
 * file.read(); // null when it does not exist
 * ```
 */
export class WatchedFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  readonly #unreadable: (cause: unknown) => Failure;
  #snapshot: Snapshot<T> | null = null;

  /** @param unreadable makes the failure for what the system reports */
  constructor(path: string, parse: (text: string) => T, unreadable: (cause: unknown) => Failure) {
    this.#path = path;
    this.#parse = parse;
    this.#unreadable = unreadable;
  }

  /**
   * Returns the content; null when the file does not exist.
   * @throws {Failure} of `parse` (the same object until the file changes) or of `unreadable`
   */
  read(): T | null {
    const info = this.#stat();
    if (!info) return null;
    const signature = signatureOf(info);
    if (this.#snapshot?.signature !== signature || !this.#snapshot.settled) {
      const written = Math.max(info.mtime?.getTime() ?? 0, info.ctime?.getTime() ?? 0);
      const settled = Date.now() - written > SETTLED_MS;
      this.#snapshot = { signature, settled, result: this.#load() };
    }
    const { result } = this.#snapshot;
    if (result instanceof Failure) throw result;
    return result;
  }

  /** @throws {Failure} of `unreadable` */
  exists(): boolean {
    return this.#stat() !== null;
  }

  /** Makes the next {@link read} read the file. */
  forget(): void {
    this.#snapshot = null;
  }

  #stat(): Deno.FileInfo | null {
    try {
      return Deno.statSync(this.#path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw this.#unreadable(error);
    }
  }

  #load(): T | Failure {
    try {
      return this.#parse(Deno.readTextFileSync(this.#path));
    } catch (error) {
      return error instanceof Failure ? error : this.#unreadable(error);
    }
  }
}
