import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";

/** The first version's format: PBKDF2-HMAC-SHA512 (RFC 8018). */
interface SeedHash {
  kind: "seed";
  salt: Uint8Array;
  /** 64 bytes. */
  hash: Uint8Array;
}

/** argon2id (RFC 9106) in a PHC string. */
export interface Argon2Hash {
  kind: "argon2id";
  memoryKib: number;
  passes: number;
  lanes: number;
  salt: Uint8Array;
  hash: Uint8Array;
}

/** The parsed hash of a password in users.json. */
export type StoredHash = SeedHash | Argon2Hash;

/** Parameters of new hashes: OWASP's first choice for argon2id. */
export const ARGON2 = { memoryKib: 19_456, passes: 2, lanes: 1, saltBytes: 16, hashBytes: 32 };
export const SEED = { rounds: 100_000, saltBytes: 64, hashBytes: 64 };

// A hand-written hash must not make the server allocate gigabytes.
const MAX_MEMORY_KIB = 262_144;
const MAX_PASSES = 10;
const MAX_LANES = 8;

const SEED_FORM = /^[0-9a-f]{192}$/i;
const PHC_FORM =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/**
 * Parses a stored hash.
 *
 * @returns null when it is in neither format, or too expensive to compute
 */
export function parseStoredHash(stored: string): StoredHash | null {
  if (SEED_FORM.test(stored)) {
    return {
      kind: "seed",
      salt: new TextEncoder().encode(stored.slice(0, SEED.saltBytes)),
      hash: Buffer.from(stored.slice(SEED.saltBytes), "hex"),
    };
  }
  const [, memory, passes, lanes, salt, hash] = PHC_FORM.exec(stored) ?? [];
  if (!memory || !passes || !lanes || !salt || !hash) return null;
  const parsed: Argon2Hash = {
    kind: "argon2id",
    memoryKib: Number(memory),
    passes: Number(passes),
    lanes: Number(lanes),
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
  return isAffordable(parsed) ? parsed : null;
}

function isAffordable({ memoryKib, passes, lanes }: Argon2Hash): boolean {
  return lanes >= 1 && lanes <= MAX_LANES && passes >= 1 && passes <= MAX_PASSES &&
    memoryKib >= 8 * lanes && memoryKib <= MAX_MEMORY_KIB;
}

/** Formats an argon2id hash as a PHC string. */
export function formatArgon2({ memoryKib, passes, lanes, salt, hash }: Argon2Hash): string {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64").replaceAll("=", "");
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${text(salt)}$${text(hash)}`;
}

/**
 * Returns whether a password should be hashed again at its next use: the hash has the first
 * version's format, or its argon2id parameters differ from {@link ARGON2}.
 */
export function needsRehash(stored: string): boolean {
  const parsed = parseStoredHash(stored);
  return parsed?.kind !== "argon2id" || parsed.memoryKib !== ARGON2.memoryKib ||
    parsed.passes !== ARGON2.passes || parsed.lanes !== ARGON2.lanes;
}

/** Returns a random hash that matches no password; verifying it takes the usual time. */
export function dummyHash(kind: StoredHash["kind"]): string {
  if (kind === "seed") return randomBytes(SEED.saltBytes / 2 + SEED.hashBytes).toString("hex");
  const { memoryKib, passes, lanes, saltBytes, hashBytes } = ARGON2;
  const salt = randomBytes(saltBytes);
  const hash = randomBytes(hashBytes);
  return formatArgon2({ kind, memoryKib, passes, lanes, salt, hash });
}
