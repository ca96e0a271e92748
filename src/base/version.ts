/** The program's version (Semantic Versioning 2.0.0); the same as in deno.json. */
export const VERSION = "0.1.0";
