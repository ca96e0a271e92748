import { createHmac, randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Failure } from "../../base/failure.ts";

const KEY_BYTES = 32;

/**
 * The secret of which the passwords of the tenants' roles are made. They are kept nowhere: who has
 * this file has them. It is made where it is missing, readable for its owner alone.
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

  /** The password of a role. */
  passwordOf(role: string): string {
    this.#key ??= this.#read() ?? this.#make();
    return createHmac("sha256", this.#key).update(`cassandra role ${role}`).digest("base64url");
  }

  #read(): Uint8Array | null {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8").trim();
    } catch (thrown) {
      if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return null;
      throw this.#bad("it cannot be read", thrown);
    }
    if (!/^[0-9a-f]{64}$/.test(text)) throw this.#bad("it is no key");
    // Whoever copied it may have forgotten this.
    chmodSync(this.#path, 0o600);
    return Uint8Array.fromHex(text);
  }

  #make(): Uint8Array {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const part = `${this.#path}.${Deno.pid}.part`;
    try {
      writeFileSync(part, `${randomBytes(KEY_BYTES).toString("hex")}\n`, {
        mode: 0o600,
        flush: true,
      });
      linkSync(part, this.#path);
    } catch (thrown) {
      // Another process was first: its key counts.
      if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) {
        throw this.#bad("it cannot be written", thrown);
      }
    } finally {
      rmSync(part, { force: true });
    }
    const made = this.#read();
    if (made === null) throw this.#bad("it is gone again");
    return made;
  }

  #bad(state: string, cause?: unknown): Failure {
    return new Failure(
      "storage",
      "bad-key-file",
      `Cannot use the key file "${this.#path}": ${state}`,
      {
        hint: "Restore it from a backup, or remove it and deploy each tenant's module again.",
        ...(cause === undefined ? {} : { cause }),
      },
    );
  }
}
