import { dirname, join } from "node:path";
import { Failure } from "../base/failure.ts";
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

  /** @throws {Failure} `users-file-unwritable` */
  async write(name: string, credentials: Credentials): Promise<void> {
    const path = this.pathOf(name);
    try {
      await ensureFolder(dirname(this.#folder));
      await ensureFolder(this.#folder);
      await writeDurably(path, `${JSON.stringify(credentials, null, 2)}\n`);
    } catch (error) {
      if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
      const text = `Cannot write the API tokens in "${path}": permission is denied`;
      throw new Failure("usage", "users-file-unwritable", text, {
        hint: "Run as the user that owns the data directory.",
        cause: error,
      });
    }
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
