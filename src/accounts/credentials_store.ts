import { dirname, join } from "node:path";
import { ensureFolder, fsyncFolder, removeIfThere, writeDurably } from "../data/durable.ts";
import { type Credentials, parseCredentials, unreadableCredentials } from "./credentials.ts";
import { WatchedFile } from "./watched_file.ts";

/**
 * One file for each account that has tokens, an old password that still works, or was disabled. One
 * for all accounts would be written and read as a whole for each token of anybody.
 */
export class CredentialsStore {
  readonly #folder: string;
  readonly #files = new Map<string, WatchedFile<Credentials>>();

  /** @param folder created with the first file */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Returns what is stored for an account; null when nothing is.
   * @param name of an account that exists: it becomes part of a path
   * @throws {Failure} `bad-credentials-file`
   */
  read(name: string): Credentials | null {
    const file = this.#files.get(name) ?? this.#watch(name);
    return file.read();
  }

  /** Whether there is a file for the account, faulty or not. */
  has(name: string): boolean {
    return (this.#files.get(name) ?? this.#watch(name)).exists();
  }

  async write(name: string, credentials: Credentials): Promise<void> {
    await ensureFolder(dirname(this.#folder));
    await ensureFolder(this.#folder);
    await writeDurably(this.pathOf(name), `${JSON.stringify(credentials, null, 2)}\n`);
    this.#files.get(name)?.forget();
  }

  async remove(name: string): Promise<void> {
    if (await removeIfThere(this.pathOf(name))) await fsyncFolder(this.#folder);
    this.#files.get(name)?.forget();
  }

  pathOf(name: string): string {
    return join(this.#folder, `${name}.json`);
  }

  #watch(name: string): WatchedFile<Credentials> {
    const path = this.pathOf(name);
    const file = new WatchedFile(
      path,
      (text) => parseCredentials(text, path),
      (cause) => unreadableCredentials(path, cause),
    );
    this.#files.set(name, file);
    return file;
  }
}
