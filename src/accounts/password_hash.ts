import { pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import { argon2id } from "hash-wasm";
import { Failure } from "../base/failure.ts";
import {
  ARGON2,
  type Argon2Hash,
  formatArgon2,
  parseStoredHash,
  SEED,
  type StoredHash,
} from "./stored_hash.ts";

/** Maximum length of a password, in bytes of UTF-8. */
export const MAX_PASSWORD_BYTES = 1024;

/**
 * Compares a password with a stored hash; the comparison itself takes constant time. Blocks its
 * thread for 40 to 100 ms: a server uses `HashPool` instead.
 *
 * @param stored the seed's 192 hex characters or an argon2id PHC string
 * @returns also false when `stored` is in neither format
 *
 * @example
 * ```ts
 * import { hashPassword, verifyPassword } from "./password_hash.ts";
 * await verifyPassword("password-1", await hashPassword("password-1")); // true
 * ```
 */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const parsed = parseStoredHash(stored);
  if (!parsed) return false;
  const usable = faultOf(password) === null;
  // A password that is not allowed takes the same time, whatever its length.
  const computed = await derive(usable ? password : "-", parsed);
  return timingSafeEqual(computed, parsed.hash) && usable;
}

/**
 * Hashes a new password with argon2id. Blocks its thread like {@link verifyPassword}.
 *
 * @returns a PHC string
 * @throws {Failure} `bad-password` when the password is empty or longer than {@link MAX_PASSWORD_BYTES}
 */
export async function hashPassword(password: string): Promise<string> {
  checkPassword(password);
  const { memoryKib, passes, lanes, saltBytes, hashBytes } = ARGON2;
  const hash: Argon2Hash = {
    kind: "argon2id",
    memoryKib,
    passes,
    lanes,
    salt: randomBytes(saltBytes),
    hash: new Uint8Array(hashBytes),
  };
  return formatArgon2({ ...hash, hash: await derive(password, hash) });
}

function checkPassword(password: string): void {
  const fault = faultOf(password);
  if (fault === null) return;
  throw new Failure("usage", "bad-password", `Cannot use this password: ${fault}`, {
    hint: "Choose another password.",
  });
}

function faultOf(password: string): string | null {
  const bytes = new TextEncoder().encode(password).length;
  if (bytes === 0) return "it is empty";
  if (bytes > MAX_PASSWORD_BYTES) return `it has ${bytes} bytes (limit: ${MAX_PASSWORD_BYTES})`;
  return null;
}

async function derive(password: string, like: StoredHash): Promise<Uint8Array> {
  if (like.kind === "seed") {
    return pbkdf2Sync(password, like.salt, SEED.rounds, SEED.hashBytes, "sha512");
  }
  return await argon2id({
    password,
    salt: like.salt,
    iterations: like.passes,
    parallelism: like.lanes,
    memorySize: like.memoryKib,
    hashLength: like.hash.length,
    outputType: "binary",
  });
}
