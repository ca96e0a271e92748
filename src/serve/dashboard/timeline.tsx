import type { FileView } from "../../protocol/file_view.ts";
import { count, duration } from "./format.ts";
import { Time } from "./parts.tsx";

interface Moment {
  what: string;
  at: string | null;
  tone: "" | "ok" | "bad" | "run" | "next";
  note?: string;
}

/** A file's life, moment by moment, with how long it took from one to the next. */
export function Timeline({ file }: { file: FileView }) {
  const moments = momentsOf(file);
  return (
    <ol class="timeline">
      {moments.map((moment, n) => (
        <li class={moment.tone}>
          <div class="what">{moment.what}</div>
          {moment.at && <Time at={moment.at} />}
          {gap(moments[n - 1], moment)}
          {moment.note && <div class="gap">{moment.note}</div>}
        </li>
      ))}
    </ol>
  );
}

function gap(before: Moment | undefined, { at }: Moment) {
  if (!before?.at || !at) return null;
  const seconds = (Date.parse(at) - Date.parse(before.at)) / 1000;
  return seconds < 0 ? null : <span class="gap">{` · ${duration(seconds)} later`}</span>;
}

function momentsOf(file: FileView): Moment[] {
  const { receivedAt, startedAt, finishedAt, attempts, moduleVersion } = file;
  const moments: Moment[] = [{
    what: "Received",
    at: receivedAt,
    tone: "ok",
    note: "complete, its content compared, durable",
  }];
  if (startedAt) {
    const module = moduleVersion ? ` with module ${moduleVersion}` : "";
    const tone = finishedAt ? "ok" : "run";
    moments.push({ what: `Loading began${module}`, at: startedAt, tone, note: attempt(attempts) });
  }
  moments.push(endOf(file));
  return moments;
}

function attempt(attempts: number): string {
  return attempts > 1 ? `attempt ${attempts}` : "first attempt";
}

function endOf({ state, finishedAt, nextTryAt, reason, rows }: FileView): Moment {
  switch (state) {
    case "received":
      return { what: "Waits until it can be loaded", at: null, tone: "next" };
    case "queued":
      return reason
        ? { what: "Waits for another attempt", at: nextTryAt, tone: "next", note: reason.message }
        : { what: "Waits in the queue", at: nextTryAt, tone: "next" };
    case "running":
      return { what: "Its rows are stored once all of it was read", at: null, tone: "next" };
    case "ingested":
      return { what: `${count(rows.stored)} rows stored`, at: finishedAt, tone: "ok" };
    case "refused":
    case "quarantined":
      return {
        what: state === "refused" ? "Refused" : "Put into quarantine",
        at: finishedAt,
        tone: "bad",
        ...(reason && { note: reason.message }),
      };
  }
}
