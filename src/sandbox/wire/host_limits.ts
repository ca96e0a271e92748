/**
 * How much a module may ask of the host at once. They stand apart from the schemas that check it: the
 * sandbox, which only keeps to them, need not have the library for that in its memory.
 *
 * @module
 */

/** Keys in one lookup. */
export const MAX_LOOKUP_KEYS = 1_000;
/** HTTP requests in one ask: an answer must not be larger than the host can hold. */
export const MAX_FETCHES = 8;
/** Values in one key. */
export const MAX_KEY_PARTS = 64;
/** What a request may do. */
export const METHODS = ["GET", "HEAD", "POST", "PUT"] as const;
/** What one request may hold. */
export const REQUEST_LIMITS = {
  urlChars: 4_096,
  bodyChars: 1024 * 1024,
  headers: 64,
  headerNameChars: 256,
  headerChars: 8_192,
} as const;
