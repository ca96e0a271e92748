import { isAbsolute, join } from "node:path";
import { z } from "zod";
import { Failure, messageOf } from "../../base/failure.ts";
import { makeFolders } from "../../base/owner.ts";
import { orNull, writeDurably } from "../../data/durable.ts";
import { withFileLock } from "../../data/file_lock.ts";
import type { CommandIo } from "../terminal/io.ts";

const storedTokenSchema = z.object({
  user: z.string(),
  token: z.string(),
  id: z.string(),
  name: z.string(),
  scope: z.string(),
  /** ISO 8601. */
  expiresAt: z.string(),
});

/** The API token of one server, as `fetch login` stores it. */
export type StoredToken = z.infer<typeof storedTokenSchema>;

const fileSchema = z.object({ servers: z.record(z.string(), storedTokenSchema) });
type Servers = Record<string, StoredToken>;

const OTHERS = 0o077;

/**
 * The API tokens of `fetch` in the user's configuration, one for each server, which only the user can
 * read.
 *
 * @example
 * ```ts ignore
 * const tokens = new StoredTokens(io);
 * (await tokens.of("https://intake.example.com"))?.user; // "customer-1"
 * ```
 */
export class StoredTokens {
  readonly #io: CommandIo;
  readonly #folder: string | null;

  constructor(io: CommandIo) {
    this.#io = io;
    this.#folder = folderOf(io.env);
  }

  /** @throws {Failure} kind `usage` if the user has no folder for configuration */
  get path(): string {
    if (this.#folder !== null) return join(this.#folder, "credentials.json");
    throw new Failure("usage", "no-home", "Cannot store an API token: HOME is not set", {
      hint: "Set HOME or XDG_CONFIG_HOME.",
    });
  }

  /**
   * Returns the token for a server; null if none is stored.
   * @param server its normalized URL, see `serverAddress`
   * @throws {Failure} kind `usage` if the file cannot be read
   */
  async of(server: string): Promise<StoredToken | null> {
    if (this.#folder === null) return null;
    return (await this.#read())[server] ?? null;
  }

  /** Checks that tokens can be stored, before one is created. */
  async prepare(): Promise<void> {
    await this.#change(() => {});
  }

  /** Stores the token of a server. @returns the one it replaces; null if there was none */
  async store(server: string, token: StoredToken): Promise<StoredToken | null> {
    let before: StoredToken | null = null;
    await this.#change((servers) => {
      before = servers[server] ?? null;
      servers[server] = token;
    });
    return before;
  }

  async remove(server: string): Promise<void> {
    await this.#change((servers) => delete servers[server]);
  }

  async #change(edit: (servers: Servers) => void): Promise<void> {
    const { path } = this;
    try {
      makeFolders(this.#folder ?? "");
      await withFileLock(`${path}.lock`, async () => {
        const servers = await this.#read();
        const before = JSON.stringify(servers);
        edit(servers);
        if (JSON.stringify(servers) === before) return;
        await writeDurably(path, `${JSON.stringify({ servers }, null, 2)}\n`);
      });
    } catch (error) {
      throw error instanceof Failure ? error : unusable("write", path, messageOf(error), error);
    }
  }

  async #read(): Promise<Servers> {
    const { path } = this;
    let text: string | null;
    try {
      await this.#makePrivate(path);
      text = await orNull(Deno.readTextFile(path));
    } catch (error) {
      // HOME is /dev/null for some services.
      if (error instanceof Deno.errors.NotADirectory) return {};
      throw unusable("read", path, messageOf(error), error);
    }
    if (text === null) return {};
    try {
      return { ...fileSchema.parse(JSON.parse(text)).servers };
    } catch (error) {
      // The error can quote the text, which has tokens.
      throw unusable("read", path, "its content is damaged", error);
    }
  }

  /** A copy or an editor can have changed its mode. */
  async #makePrivate(path: string): Promise<void> {
    if (Deno.build.os === "windows") return;
    const mode = (await orNull(Deno.stat(path)))?.mode ?? 0;
    if ((mode & OTHERS) === 0) return;
    await Deno.chmod(path, 0o600);
    this.#io.stderr.write(
      `mysimbdp: other users could read ${path}, which has API tokens; it is private now. ` +
        "Revoke the tokens if others use this machine: mysimbdp fetch logout\n",
    );
  }
}

function folderOf(env: CommandIo["env"]): string | null {
  // The XDG Base Directory Specification ignores relative paths.
  const configured = env("XDG_CONFIG_HOME");
  if (configured && isAbsolute(configured)) return join(configured, "mysimbdp");
  if (Deno.build.os === "windows") {
    const roaming = env("APPDATA");
    return roaming ? join(roaming, "mysimbdp") : null;
  }
  const home = env("HOME");
  return home ? join(home, ".config", "mysimbdp") : null;
}

function unusable(verb: "read" | "write", path: string, state: string, cause: unknown): Failure {
  const text = `Cannot ${verb} the API tokens in "${path}": ${state}`;
  return new Failure("usage", "stored-tokens", text, {
    hint: verb === "read"
      ? "Remove the file, then run mysimbdp fetch login."
      : "Check the owner and the mode of the folder, or set XDG_CONFIG_HOME.",
    cause,
  });
}
