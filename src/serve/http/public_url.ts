import type { AppContext } from "./env.ts";

/** Scheme and host under which the client reached the server: `https://intake.example.com`. */
export function originOf(c: AppContext): string {
  // Undefined when the app is called in process.
  return c.env?.origin ?? new URL(c.req.url).origin;
}
