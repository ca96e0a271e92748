import type { Child } from "hono/jsx";
import type { FileState } from "../../protocol/file_view.ts";
import { count } from "./format.ts";

/** What each state means to the owner of a file. */
export const STATE_MEANINGS: Record<FileState, string> = {
  received: "has arrived; it waits until it can be loaded",
  queued: "waits in the queue",
  running: "is being loaded",
  ingested: "its rows are stored",
  refused: "was refused before a record was read",
  quarantined: "could not be loaded; none of its rows are stored",
};

/** A state, in words and colour. */
export function State({ state }: { state: string }) {
  return <span class={`state ${state}`}>{state}</span>;
}

/** A moment; a script shows it in the reader's own time and language. */
export function Time({ at }: { at: string }) {
  return <time datetime={at}>{at.replace("T", " ").replace(/\.\d+Z$/, " UTC")}</time>;
}

/** A number with its name. */
export function Stat({ name, value, note }: { name: string; value: Child; note?: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        {note && <div class="note">{note}</div>}
      </dd>
    </div>
  );
}

/** What became of records, as one bar. */
export function ShareBar({ stored, rejected, skipped }: {
  stored: number;
  rejected: number;
  skipped: number;
}) {
  const all = stored + rejected + skipped;
  if (all === 0) return null;
  const part = (value: number) => value * 100 / all;
  const words = `${count(stored)} stored, ${count(rejected)} rejected, ${count(skipped)} skipped`;
  return (
    <svg class="share" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label={words}>
      <rect class="rest" width="100" height="4" />
      <rect class="ok" width={part(stored)} height="4" />
      <rect class="bad" x={part(stored)} width={part(rejected)} height="4" />
      <rect class="skip-part" x={part(stored + rejected)} width={part(skipped)} height="4" />
    </svg>
  );
}

/** Links of which one is where the reader is. */
export function Tabs({ label, tabs, at }: {
  label: string;
  tabs: [href: string, name: string, key: string][];
  at: string;
}) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(([href, name, key]) => (
        <a href={href} aria-current={key === at ? "true" : undefined}>{name}</a>
      ))}
    </nav>
  );
}

/** A path with a query of what is set. */
export function link(path: string, query: Record<string, string | undefined>): string {
  const set = Object.entries(query).filter((pair): pair is [string, string] => !!pair[1]);
  const text = new URLSearchParams(set).toString();
  return text === "" ? path : `${path}?${text}`;
}
