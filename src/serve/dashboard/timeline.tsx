import type { FileView, RowCounts } from "../../protocol/file_view.ts";
import { formatCount } from "../../base/count.ts";
import { waitingText } from "../../protocol/waiting_text.ts";
import { count, duration } from "./format.ts";
import { Time } from "./parts.tsx";

interface Step {
  what: string;
  at: string | null;
  tone: "" | "ok" | "bad" | "run" | "next";
  note?: string;
}

/** What happened to a file, with the time between the steps. */
export function Timeline({ file }: { file: FileView }) {
  const steps = stepsOf(file);
  return (
    <ol class="timeline">
      {steps.map((step, n) => (
        <li class={step.tone}>
          <div class="what">{step.what}</div>
          {step.at && <Time at={step.at} />}
          {gap(steps[n - 1], step)}
          {step.note && <div class="gap">{step.note}</div>}
        </li>
      ))}
    </ol>
  );
}

function gap(before: Step | undefined, { at }: Step) {
  if (!before?.at || !at) return null;
  const seconds = (Date.parse(at) - Date.parse(before.at)) / 1000;
  return seconds < 0 ? null : <span class="gap">{` · ${duration(seconds)} later`}</span>;
}

function stepsOf(file: FileView): Step[] {
  const { receivedAt, startedAt, finishedAt, attempts, moduleVersion } = file;
  const steps: Step[] = [{
    what: "Received",
    at: receivedAt,
    tone: "ok",
    note: "upload complete, checksum verified",
  }];
  if (startedAt) {
    const module = moduleVersion ? ` with module ${moduleVersion}` : "";
    const tone = finishedAt ? "ok" : "run";
    steps.push({ what: `Loading started${module}`, at: startedAt, tone, note: attempt(attempts) });
  }
  steps.push(endOf(file));
  return steps;
}

function attempt(attempts: number): string {
  return attempts > 1 ? `attempt ${attempts}` : "first attempt";
}

function endOf(file: FileView): Step {
  const { state, finishedAt, nextTryAt, reason, rows } = file;
  switch (state) {
    case "received":
    case "queued": {
      const note = reason === null ? {} : { note: reason.message };
      const isRetry = reason !== null && (file.waitingFor?.code ?? "retry") === "retry";
      const what = isRetry ? "Waiting for the next attempt" : `Waiting: ${waitingText(file)}`;
      return { what, at: nextTryAt, tone: "next", ...note };
    }
    case "running":
      return { what: "Rows are stored once the whole file has been read", at: null, tone: "next" };
    case "ingested":
      return { what: storedText(rows), at: finishedAt, tone: "ok" };
    case "refused":
    case "quarantined":
      return {
        what: state === "refused" ? "Refused" : "Moved to quarantine",
        at: finishedAt,
        tone: "bad",
        ...(reason && { note: reason.message }),
      };
  }
}

function storedText({ stored, replaced }: RowCounts): string {
  const text = `${formatCount(stored, "row")} stored`;
  return replaced > 0 ? `${text}, ${count(replaced)} replaced` : text;
}
