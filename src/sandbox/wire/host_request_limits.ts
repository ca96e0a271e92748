/**
 * Limits on one request from a module to the host. They are in a file of their own so that the
 * Worker, which only respects them, does not load the schema library.
 *
 * @module
 */

/** Keys in one lookup. */
export const MAX_LOOKUP_KEYS = 1_000;
/** HTTP requests in one host request: bounds the memory that their responses take on the host. */
export const MAX_FETCHES = 8;
/** Values in one key. */
export const MAX_KEY_PARTS = 64;
/** Allowed HTTP methods. */
export const METHODS = ["GET", "HEAD", "POST", "PUT"] as const;
/** Limits on one HTTP request. */
export const REQUEST_LIMITS = {
  urlChars: 4_096,
  bodyChars: 1024 * 1024,
  headers: 64,
  headerNameChars: 256,
  headerChars: 8_192,
} as const;
