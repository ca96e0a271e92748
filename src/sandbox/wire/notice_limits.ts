/**
 * Limits on the remarks about a file. They are in a file of their own so that the sandbox's side does
 * not load the schema library.
 *
 * @module
 */

/** Maximum number of notices about one file. */
export const MAX_NOTICES = 20;
/** Maximum length of a notice, in characters. */
export const MAX_NOTICE_CHARS = 300;
