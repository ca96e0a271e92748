import type { Level } from "./reactions.ts";

/** Priorities of syslog, as sd-daemon(3) has them. */
const PRIORITY: Record<Level, number> = { error: 3, warning: 4, info: 6, debug: 7 };

/**
 * What goes before a record so that the journal knows how grave it is: `<4>`. Nothing where standard
 * error does not lead to the journal.
 */
export function journalPrefix(
  level: Level,
  toJournal: boolean = isJournal(),
): string {
  return toJournal ? `<${PRIORITY[level]}>` : "";
}

let known: boolean | undefined;

/** systemd tells device and inode of the stream that it has opened for the journal. */
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
