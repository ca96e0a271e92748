import type { Config } from "../../config/schema.ts";
import type { Layout } from "../../data/layout.ts";

/** What a look is given. */
export interface Patient {
  config: Config;
  layout: Layout;
  /** Milliseconds since the epoch. */
  now: number;
}

/** What one look of the doctor came to. */
export interface Finding {
  /** Which look: one word. */
  check: string;
  state: "ok" | "warning" | "failed";
  /** One line. */
  what: string;
  /** What the operator can do about it. */
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
