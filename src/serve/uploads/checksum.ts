import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { Failure } from "../../base/failure.ts";
import { badRequest } from "../http/problem_response.ts";

/** The algorithms of `Upload-Checksum` (tus 1.0.0, extension checksum). */
export const CHECKSUM_ALGORITHMS = ["sha1", "sha256", "sha512", "md5", "crc32"] as const;

/** The checksum that a client sent with the bytes of one request. */
export interface Checksum {
  /** Adds the next bytes. */
  update: (bytes: Uint8Array) => void;
  /** @throws {Failure} `checksum-mismatch` if the bytes differ from those that were sent */
  verify(): void;
}

/**
 * Reads an `Upload-Checksum` header: an algorithm, a space, and the checksum in Base64.
 * @throws {Failure} `unsupported-checksum`, `bad-request`
 */
export function parseChecksum(header: string): Checksum {
  const [, algorithm, value] = /^([a-z0-9]+) ([A-Za-z0-9+/]+={0,2})$/.exec(header.trim()) ?? [];
  if (algorithm === undefined || value === undefined) {
    throw badRequest(`Cannot read Upload-Checksum ${JSON.stringify(header)}`);
  }
  const digest = digestOf(algorithm);
  return {
    update: (bytes) => digest.update(bytes),
    verify() {
      if (digest.end().equals(Buffer.from(value, "base64"))) return;
      const text = "Cannot store the bytes: their checksum does not match Upload-Checksum";
      throw new Failure("refused", "checksum-mismatch", text, { hint: "Send them again." });
    },
  };
}

function digestOf(algorithm: string): { update(bytes: Uint8Array): void; end(): Buffer } {
  if (!CHECKSUM_ALGORITHMS.some((known) => known === algorithm)) {
    throw new Failure(
      "refused",
      "unsupported-checksum",
      `Cannot use checksum algorithm ${JSON.stringify(algorithm)}: the supported algorithms are ${
        CHECKSUM_ALGORITHMS.join(", ")
      }`,
    );
  }
  if (algorithm === "crc32") return crc32Digest();
  const hash = createHash(algorithm);
  return { update: (bytes) => void hash.update(bytes), end: () => hash.digest() };
}

function crc32Digest(): { update(bytes: Uint8Array): void; end(): Buffer } {
  let value = 0;
  return {
    update(bytes) {
      value = crc32(bytes, value);
    },
    end() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    },
  };
}
