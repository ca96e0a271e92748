import type { Child } from "hono/jsx";
import {
  FILE_STATES,
  type FileState,
  type FileView,
  type RowCounts,
} from "../../protocol/file_view.ts";
import { count } from "./format.ts";

/** What people see of each state; a loaded file with rejects is "loaded with rejects". */
const STATE_WORDS: Record<FileState, string> = {
  received: "waiting",
  queued: "waiting",
  running: "loading",
  ingested: "loaded",
  refused: "failed",
  quarantined: "failed",
};

/** Completes "The file …": what each state means. */
export const STATE_MEANINGS: Record<FileState, string> = {
  received: "has arrived and is waiting to be picked up",
  queued: "is waiting in the queue",
  running: "is being loaded",
  ingested: "was loaded; its rows are stored",
  refused: "was refused before any record was read",
  quarantined: "could not be loaded; its page says why",
};

/** A state as a coloured label. */
export function State({ state }: { state: string }) {
  return <span class={`state ${state}`}>{state}</span>;
}

/** The state of a file as a coloured label, with its meaning as a tooltip. */
export function FileStateLabel({ file: { state, rows, replacedBy } }: { file: FileView }) {
  if (replacedBy !== null && state === "ingested") {
    return (
      <span class="state replaced" title="was loaded; a later version has replaced its rows">
        replaced
      </span>
    );
  }
  const word = STATE_WORDS[state];
  const shown = state === "ingested" && rows.rejected > 0 ? `${word} with rejects` : word;
  return <span class={`state ${state}`} title={STATE_MEANINGS[state]}>{shown}</span>;
}

/** The top of a page: its heading, with an optional path above, text below, and children beside it. */
export function Head({ title, crumbs, lead, children }: {
  title: string;
  crumbs?: Child;
  lead?: Child;
  children?: Child;
}) {
  return (
    <div class="head">
      <div>
        {crumbs && <p class="crumbs">{crumbs}</p>}
        <h1>{title}</h1>
        {lead && <p class="lead">{lead}</p>}
      </div>
      {children}
    </div>
  );
}

/** A section with a heading; a live one is refreshed after each event. */
export function Card({ id, title, side, live = false, seen, as: Tag = "section", children }: {
  id: string;
  title: string;
  /** Shown beside the heading. */
  side?: Child;
  live?: boolean;
  /** A live part with a form about what the page shows is not refreshed when that has changed. */
  seen?: string | undefined;
  as?: "section" | "aside";
  children?: Child;
}) {
  const refreshed = live ? { id: `${id}-card`, "data-live": true, "data-seen": seen } : {};
  return (
    <Tag class="card" aria-labelledby={id} {...refreshed}>
      <header>
        <h2 id={id}>{title}</h2>
        {side}
      </header>
      {children}
    </Tag>
  );
}

/** Shown where there is nothing to list. */
export function Empty({ title, children }: { title: string; children?: Child }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** Names and values; those without a value are left out. */
export function Facts({ facts }: { facts: [name: Child, value: Child][] }) {
  return (
    <dl class="facts">
      {facts.filter(([, value]) => value !== null).map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

/** A time in UTC; a script shows it in the reader's time zone and language. */
export function Time({ at }: { at: string }) {
  return <time datetime={at}>{at.replace("T", " ").replace(/\.\d+Z$/, " UTC")}</time>;
}

/** A number with its label. */
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

/** A bar with the shares of stored, rejected, replaced and skipped records. */
export function ShareBar({ stored, replaced, rejected, skipped }: RowCounts) {
  const all = stored + replaced + rejected + skipped;
  if (all === 0) return null;
  const part = (value: number) => value * 100 / all;
  const words = `${count(stored)} stored, ${replaced > 0 ? `${count(replaced)} replaced, ` : ""}` +
    `${count(rejected)} rejected, ${count(skipped)} skipped`;
  // The replaced ones show the background.
  return (
    <svg class="share" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label={words}>
      <rect class="rest" width="100" height="4" />
      <rect class="ok" width={part(stored)} height="4" />
      <rect class="bad" x={part(stored)} width={part(rejected)} height="4" />
      <rect class="skip-part" x={part(stored + rejected)} width={part(skipped)} height="4" />
    </svg>
  );
}

/** Links to variants of a page, with the current one marked. */
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

/** Tabs that filter files by state; several states share a word, so each has its own name here. */
export function FileStateTabs({ path, tenant, at = "" }: {
  path: string;
  tenant?: string | undefined;
  at: string | undefined;
}) {
  const tabs = FILE_STATES.map((state): [string, string, string] => [
    link(path, { state, tenant }),
    state === "running" || state === "ingested" ? STATE_WORDS[state] : state,
    state,
  ]);
  const all: [string, string, string] = [link(path, { tenant }), "all", ""];
  return <Tabs label="Files by state" tabs={[all, ...tabs]} at={at} />;
}

/** Returns a path with the query parameters that are set. */
export function link(path: string, query: Record<string, string | undefined>): string {
  const set = Object.entries(query).filter((pair): pair is [string, string] => !!pair[1]);
  const text = new URLSearchParams(set).toString();
  return text === "" ? path : `${path}?${text}`;
}

/** Links to the pages before and after; nothing if there is one page. */
export function Pager({ page, pages, label, to }: {
  page: number;
  pages: number;
  label: string;
  to: (page: number) => string;
}) {
  if (pages === 1) return null;
  return (
    <nav class="pager" aria-label={label}>
      <span class="muted">page {count(page)} of {count(pages)}</span>
      {page > 1 && <a class="button" href={to(page - 1)} rel="prev">Previous</a>}
      {page < pages && <a class="button" href={to(page + 1)} rel="next">Next</a>}
    </nav>
  );
}

/** Remarks about a file, such as columns that the module ignores. */
export function Notices({ texts }: { texts: readonly string[] }) {
  if (texts.length === 0) return null;
  return (
    <div class="notice">
      <strong>{texts.length === 1 ? "Notice" : "Notices"}</strong>
      <ul>{texts.map((text) => <li>{text}</li>)}</ul>
    </div>
  );
}
