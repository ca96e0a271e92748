import type { FetchEvent, FetchSummary } from "../../fetch/events.ts";
import type { FileView, RowCounts } from "../../protocol/file_view.ts";
import { formatBytes, formatCount, formatSeconds } from "../terminal/text.ts";

/**
 * `--json`: one such object a line for each file, when it has come to its end. All keys are always
 * there; null stands for what is not known or does not apply.
 */
export interface FileLine {
  type: "file";
  /** The file's name as the server has it, or as it is in the directory if it was not sent. */
  name: string;
  /** `quarantined`: the platform could not load it; `refused`: not allowed, see `state`. */
  status: "sent" | "ingested" | "quarantined" | "skipped" | "refused" | "failed" | "valid";
  /** Bytes. */
  size: number | null;
  /** Lower-case hex. */
  sha256: string | null;
  /** The file's id at the server. */
  id: string | null;
  /** From the beginning of its upload to its end; with `--wait` to the end of its ingestion. */
  seconds: number | null;
  /** Bytes that the server already had from an interrupted upload. */
  resumedFrom: number | null;
  /** Why it came to no good: a stable word, for example `file-too-large`. */
  code: string | null;
  /** The same in words. */
  reason: string | null;
  /** What can be done about it. */
  hint: string | null;
  /** Where the file is on the platform, as far as this command knows. */
  state: FileView["state"] | null;
  rows: RowCounts | null;
}

/** `--json`: the last line. Counts are files; `bytes` are those of the files that were sent. */
export interface SummaryLine extends Omit<FetchSummary, "worst"> {
  type: "summary";
  exitCode: number;
}

/** The events with which a file's way may end. */
export type FinalEvent = Extract<FetchEvent, { type: FileLine["status"] }>;
type SentEvent = Extract<FetchEvent, { type: "sent" }>;

/**
 * Makes a file's line of the event with which its way ended.
 *
 * @param sent the event of the upload, where there was one before
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
    rows: null,
  };
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
  const { id, sha256, state, rows, reason } = file;
  Object.assign(line, { id, sha256, state, rows });
  line.code = reason?.code ?? null;
  line.reason = reason?.message ?? null;
}

/** In a line that begins with the name, `Cannot send "a.csv": it is empty` is too much. */
function withoutName(message: string, name: string): string {
  const match = /^Cannot \w+ /.exec(message);
  if (!match) return message;
  const rest = message.slice(match[0].length);
  const quoted = [JSON.stringify(name), `"${name}"`].find((each) => rest.startsWith(`${each}: `));
  return quoted ? rest.slice(quoted.length + 2) : message;
}

/** What stands behind the name in a file's line of text. */
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
        ? `already there (ingested, ${formatCount(line.rows.stored, "row")})`
        : line.reason ?? "";
    default:
      return line.reason ?? "";
  }
}

function rowsOf(rows: RowCounts | null): string {
  if (rows === null) return "";
  const parts = [`${formatCount(rows.stored, "row")} stored`];
  if (rows.rejected > 0) parts.push(`${formatCount(rows.rejected, "row")} rejected`);
  if (rows.skipped > 0) parts.push(`${formatCount(rows.skipped, "row")} skipped`);
  return parts.join(", ");
}

/** The last line in text, for example `2 sent, 1 refused, 1.2 MB in 0.6 s`. */
export function summaryText(summary: FetchSummary): string {
  const statuses = [
    "valid",
    "sent",
    "ingested",
    "quarantined",
    "skipped",
    "refused",
    "failed",
  ] as const;
  const parts = statuses.filter((status) => summary[status] > 0)
    .map((status) => `${summary[status]} ${status}`);
  if (parts.length === 0) return "nothing to send";
  if (summary.sent > 0) {
    parts.push(`${formatBytes(summary.bytes)} in ${formatSeconds(summary.seconds)}`);
  }
  return parts.join(", ");
}
