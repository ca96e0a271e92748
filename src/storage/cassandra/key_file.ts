import { createHmac, randomBytes } from "node:crypto";
import { chmodSync, existsSync, linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Failure } from "../../base/failure.ts";
import { keepOwner, makeFolders } from "../../base/owner.ts";
import { codeOf } from "./errors.ts";

const KEY_BYTES = 32;

/**
 * The secret from which the passwords of the tenants' roles are derived; they are stored nowhere. The
 * file is created if it is missing, readable only by its owner.
 *
 * @param path `DATA/db/cassandra.key`
 * @throws {Failure} `bad-key-file`
 */
export class KeyFile {
  readonly #path: string;
  #key: Uint8Array | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  exists(): boolean {
    return existsSync(this.#path);
  }

  /** The password of a role. */
  passwordOf(role: string): string {
    this.#key ??= this.#read() ?? this.#create();
    return createHmac("sha256", this.#key).update(`cassandra role ${role}`).digest("base64url");
  }

  #read(): Uint8Array | null {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8").trim();
    } catch (error) {
      if (codeOf(error) === "ENOENT") return null;
      throw this.#bad("it cannot be read", error);
    }
    if (!/^[0-9a-f]{64}$/.test(text)) throw this.#bad("it does not contain a key");
    // A copy may have other permissions.
    chmodSync(this.#path, 0o600);
    return Uint8Array.fromHex(text);
  }

  #create(): Uint8Array {
    makeFolders(dirname(this.#path));
    const part = `${this.#path}.${Deno.pid}.part`;
    try {
      writeFileSync(part, `${randomBytes(KEY_BYTES).toString("hex")}\n`, {
        mode: 0o600,
        flush: true,
      });
      keepOwner(part);
      linkSync(part, this.#path);
    } catch (error) {
      // If another process was first, its key is used.
      if (codeOf(error) !== "EEXIST") throw this.#bad("it cannot be written", error);
    } finally {
      rmSync(part, { force: true });
    }
    const created = this.#read();
    if (created === null) throw this.#bad("it was removed");
    return created;
  }

  #bad(reason: string, cause?: unknown): Failure {
    const text = `Cannot use the key file "${this.#path}": ${reason}`;
    return new Failure("storage", "bad-key-file", text, {
      hint: "Restore it from a backup, or remove it and deploy each tenant's module again.",
      cause,
    });
  }
}
