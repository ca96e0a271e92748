import type { Level } from "./reactions.ts";

/** Syslog priorities, see sd-daemon(3). */
const PRIORITY: Record<Level, number> = { error: 3, warning: 4, info: 6, debug: 7 };

/**
 * The prefix that tells the journal the priority of a record, such as `<4>`; empty if standard error
 * does not go to the journal.
 */
export function journalPrefix(level: Level, toJournal: boolean = isJournal()): string {
  return toJournal ? `<${PRIORITY[level]}>` : "";
}

let known: boolean | undefined;

/** `JOURNAL_STREAM` has device and inode of the stream that systemd opened for the journal. */
function isJournal(): boolean {
  return known ??= leadsTo(Deno.env.get("JOURNAL_STREAM"));
}

function leadsTo(stream: string | undefined): boolean {
  if (!stream || Deno.build.os !== "linux") return false;
  try {
    const { dev, ino } = Deno.statSync("/proc/self/fd/2");
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}
