import type { Config } from "../../config/schema.ts";
import type { Layout } from "../../data/layout.ts";

/** Maximum number of names in one line. */
const SHOWN = 5;

/** What a check needs. */
export interface CheckContext {
  config: Config;
  layout: Layout;
  /** Milliseconds since the epoch. */
  now: number;
}

/** The result of a check. */
export interface Finding {
  /** The name of the check: one word. */
  check: string;
  state: "ok" | "warning" | "failed";
  /** One line for people. */
  what: string;
  /** What to do about it. */
  hint?: string;
}

export function ok(check: string, what: string): Finding {
  return { check, state: "ok", what };
}

export function warning(check: string, what: string, hint: string): Finding {
  return { check, state: "warning", what, hint };
}

export function failed(check: string, what: string, hint: string): Finding {
  return { check, state: "failed", what, hint };
}

/** The first names in one line, and how many more there are. */
export function list(all: readonly string[], separator = ", "): string {
  const more = all.length - SHOWN;
  return all.slice(0, SHOWN).join(separator) + (more > 0 ? ` and ${more} more` : "");
}
