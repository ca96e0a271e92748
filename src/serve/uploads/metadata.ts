import { normalizeFileName } from "../../protocol/file_names.ts";
import { badRequest } from "../http/problem_response.ts";

const MAX_HEADER = 4096;

/** What a client declares about a file before it sends it. */
interface UploadMetadata {
  /** In Unicode NFC. */
  name: string;
  /** Lower-case hex; null if not given. */
  sha256: string | null;
  batch: string | null;
  /** The header as it was sent; HEAD returns it. */
  raw: string;
}

/**
 * Parses `Upload-Metadata` (tus 1.0.0): comma-separated pairs of a key and a Base64 value. `filename`
 * is required (`name` is an alias); `sha256` and `batch` are optional; other keys are kept and
 * returned by HEAD.
 *
 * @throws {Failure} `bad-request`, `bad-file-name`
 *
 * @example
 * ```ts
 * import { parseMetadata } from "./metadata.ts";
 * parseMetadata("filename YS5jc3Y=").name; // "a.csv"
 * ```
 */
export function parseMetadata(header: string | undefined): UploadMetadata {
  const raw = header ?? "";
  if (raw.length > MAX_HEADER) {
    throw badRequest(`Cannot read Upload-Metadata: it is longer than ${MAX_HEADER} characters`);
  }
  const values = new Map(raw.split(",").filter((pair) => pair.trim() !== "").map(parsePair));
  const name = values.get("filename") ?? values.get("name");
  if (name === undefined) {
    throw badRequest(
      "Cannot begin the upload: Upload-Metadata has no filename",
      'Send "Upload-Metadata: filename <the file\'s name in Base64>".',
    );
  }
  const declared = values.get("sha256");
  const sha256 = declared === undefined ? null : parseSha256(declared);
  return { name: normalizeFileName(name), sha256, batch: values.get("batch") ?? null, raw };
}

/**
 * Parses the SHA-256 that a client sent. @returns lower-case hex
 * @throws {Failure} `bad-request`
 */
export function parseSha256(text: string): string {
  const sha256 = text.toLowerCase();
  if (/^[0-9a-f]{64}$/.test(sha256)) return sha256;
  throw badRequest("Cannot use the SHA-256: it does not have 64 hex digits");
}

/** Builds `Upload-Metadata` for a finished file, whose header is no longer stored. */
export function formatMetadata(values: Record<string, string>): string {
  const pairs = Object.entries(values);
  return pairs.map(([key, value]) => `${key} ${toBase64(value)}`).join(",");
}

function parsePair(pair: string): [string, string] {
  const [key = "", value = "", ...rest] = pair.trim().split(" ");
  try {
    if (key === "" || rest.length > 0) throw new Error("not a pair");
    const bytes = Uint8Array.from(atob(value), (char) => char.charCodeAt(0));
    return [key, new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)];
  } catch {
    throw badRequest(`Cannot read ${JSON.stringify(key)} of Upload-Metadata: not Base64 of UTF-8`);
  }
}

function toBase64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
