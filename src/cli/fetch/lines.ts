import type { FetchEvent, FetchSummary } from "../../fetch/events.ts";
import type { FileView, RowCounts } from "../../protocol/file_view.ts";
import { versionText } from "../../protocol/file_versions.ts";
import { formatCount, formatNumber } from "../../base/count.ts";
import { formatBytes, formatSeconds } from "../terminal/text.ts";

/**
 * A line of `--json`, printed for each file when it is done. All keys are always present; null means
 * unknown or not applicable.
 */
export interface FileLine {
  type: "file";
  /** The name at the server, or in the directory if the file was not sent. */
  name: string;
  /**
   * `quarantined`: the platform could not load it; `refused`: not allowed, see `state`; `unfinished`: not
   * loaded within the time limit, see `waitingFor`.
   */
  status:
    | "sent"
    | "ingested"
    | "quarantined"
    | "skipped"
    | "refused"
    | "failed"
    | "valid"
    | "unfinished";
  /** Bytes. */
  size: number | null;
  /** Lower-case hex. */
  sha256: string | null;
  /** The file's id at the server. */
  id: string | null;
  /** The duration of the upload; with `--wait` until the file is loaded. */
  seconds: number | null;
  /** Bytes that an earlier, interrupted upload had sent. */
  resumedFrom: number | null;
  /** Why it was not loaded: a stable word, for example `file-too-large`. */
  code: string | null;
  /** Why it was not loaded, in words. */
  reason: string | null;
  /** How to fix it. */
  hint: string | null;
  /** The last known state of the file on the platform. */
  state: FileView["state"] | null;
  /** What the file was waiting for when `fetch` stopped waiting. */
  waitingFor: FileView["waitingFor"];
  /** When the next attempt to load it is made, ISO 8601 in UTC. */
  nextTryAt: string | null;
  rows: RowCounts | null;
  /** 2 for the second content of this name. */
  version: number | null;
  /** The earlier versions whose rows stay, and those whose rows it replaces. */
  earlier: FileView["earlier"];
  replaces: number[];
  /** The same in words; null for a file of which there is no other version. */
  versionText: string | null;
  /** Remarks about the loaded file, such as columns that were ignored. */
  notices: string[];
}

/** The last line of `--json`. `bytes` counts the files that were sent. */
export interface SummaryLine extends Omit<FetchSummary, "worst"> {
  type: "summary";
  exitCode: number;
}

/** The events that end a file. */
export type FinalEvent = Extract<FetchEvent, { type: FileLine["status"] }>;
type SentEvent = Extract<FetchEvent, { type: "sent" }>;

/**
 * Returns the line for the event that ended a file.
 *
 * @param sent the earlier event of its upload, if there was one
 */
export function fileLine(event: FinalEvent, sent?: SentEvent): FileLine {
  const line: FileLine = {
    type: "file",
    name: event.name,
    status: event.type,
    size: event.size,
    sha256: sent?.sha256 ?? null,
    id: sent?.id ?? null,
    seconds: sent?.seconds ?? null,
    resumedFrom: sent?.resumedFrom ?? null,
    code: null,
    reason: null,
    hint: null,
    state: sent ? "received" : null,
    waitingFor: null,
    nextTryAt: null,
    rows: null,
    version: sent?.version ?? null,
    earlier: null,
    replaces: [],
    versionText: null,
    notices: [],
  };
  if (line.version !== null && line.version > 1) {
    line.versionText = `version ${line.version} of ${line.name}`;
  }
  if (event.type === "valid") line.sha256 = event.sha256;
  if ("file" in event && event.file) addFile(line, event.file);
  if (event.type !== "sent" && "seconds" in event && event.seconds !== undefined) {
    line.seconds = (sent?.seconds ?? 0) + event.seconds;
  }
  if ("failure" in event) {
    line.code = event.failure.code;
    line.reason = withoutName(event.failure.message, event.name);
    line.hint = event.failure.hint ?? null;
  }
  return line;
}

function addFile(line: FileLine, file: FileView): void {
  const { id, sha256, state, rows, reason, notices, version, earlier, replaces } = file;
  Object.assign(line, { id, sha256, state, rows, notices, version, earlier, replaces });
  line.waitingFor = file.waitingFor;
  line.nextTryAt = file.nextTryAt;
  line.versionText = versionText(file);
  line.code = reason?.code ?? null;
  line.reason = reason?.message ?? null;
}

/** Removes `Cannot send "a.csv": `, as the line starts with the name. */
function withoutName(message: string, name: string): string {
  const match = /^Cannot \w+ /.exec(message);
  if (!match) return message;
  const rest = message.slice(match[0].length);
  const quoted = [JSON.stringify(name), `"${name}"`].find((each) => rest.startsWith(`${each}: `));
  return quoted ? rest.slice(quoted.length + 2) : message;
}

/** The text after the name in a line. */
export function detailsOf(line: FileLine): string {
  const size = line.size === null ? "" : formatBytes(line.size);
  const time = formatSeconds(line.seconds ?? 0);
  switch (line.status) {
    case "sent":
      return line.resumedFrom
        ? `${size}  ${time}  resumed at ${formatBytes(line.resumedFrom)}`
        : `${size}  ${time}`;
    case "ingested":
      return `${size}  ${time}  ${rowsOf(line.rows)}`;
    case "quarantined":
      return line.reason ? `${line.state}: ${line.reason}` : `${line.state}`;
    case "valid":
      return `${size}  would be sent`;
    case "skipped":
      return line.state === "ingested" && line.rows
        ? `already on the server (loaded, ${formatCount(line.rows.stored, "row")})`
        : line.reason ?? "";
    default:
      return line.reason ?? "";
  }
}

function rowsOf(rows: RowCounts | null): string {
  if (rows === null) return "";
  if (rows.replaced > 0) return sumOf(rows);
  const parts = [`${formatCount(rows.stored, "row")} stored`];
  if (rows.rejected > 0) parts.push(`${formatCount(rows.rejected, "record")} rejected`);
  if (rows.skipped > 0) parts.push(`${formatCount(rows.skipped, "record")} skipped`);
  return parts.join(", ");
}

/** `399 read, 398 stored, 1 replaced`: all parts, because the stored rows are not all that were good. */
function sumOf({ read, stored, replaced, rejected, skipped }: RowCounts): string {
  return Object.entries({ read, stored, replaced, rejected, skipped })
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${formatNumber(count)} ${word}`)
    .join(", ");
}

/** What people read for a status. */
export function wordOf(status: FileLine["status"]): string {
  if (status === "ingested") return "loaded";
  if (status === "unfinished") return "waiting";
  return status === "quarantined" ? "failed" : status;
}

/** The last line in text, for example `2 sent, 1 refused, 1.2 MB in 0.6 s`. */
export function summaryText(summary: FetchSummary): string {
  const { valid, sent, ingested: loaded, skipped, refused, unfinished: waiting } = summary;
  const failed = summary.failed + summary.quarantined;
  const parts = Object.entries({ valid, sent, loaded, waiting, skipped, refused, failed })
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${count} ${word}`);
  if (parts.length === 0) return "nothing to send";
  if (summary.sent > 0) {
    parts.push(`${formatBytes(summary.bytes)} in ${formatSeconds(summary.seconds)}`);
  }
  return parts.join(", ");
}
