/** The program's version, by Semantic Versioning 2.0.0; a test holds it to deno.json's. */
export const VERSION = "0.1.0";
