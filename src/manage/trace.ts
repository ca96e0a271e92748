import { NO_SPAN, type Span, type Tracer } from "../base/tracing.ts";
import type { Layout } from "../data/layout.ts";
import { readSidecar } from "../staging/sidecar.ts";
import type { FileRecord } from "../storage/contract.ts";
import type { Outcome } from "./outcome.ts";

/** Starts the span of an attempt, in the trace in which the file was sent. */
export async function startSpan(
  { tracer, layout }: { tracer: Tracer; layout: Layout },
  { tenant, id, size, attempts, receivedAt }: FileRecord,
): Promise<Span> {
  if (!tracer.active) return NO_SPAN;
  const staged = await readSidecar(layout, "staging", tenant, id);
  const span = tracer.start("ingest", { kind: "consumer", parent: staged?.traceparent ?? null });
  span.set({
    "mysimbdp.tenant": tenant,
    "mysimbdp.file.id": id,
    "mysimbdp.file.size": size,
    "mysimbdp.attempt": attempts + 1,
    "mysimbdp.queue.seconds": Math.max(0, Date.now() - receivedAt) / 1000,
  });
  return span;
}

/** Ends the span of an attempt with its outcome. */
export function endSpan(span: Span, { moduleVersion }: FileRecord, outcome: Outcome): void {
  span.set({
    "mysimbdp.outcome": outcome.type,
    ...(moduleVersion !== null && { "mysimbdp.module.version": moduleVersion }),
    ...(outcome.type === "ingested" && {
      "mysimbdp.rows.stored": outcome.rows.stored,
      "mysimbdp.rows.rejected": outcome.rows.rejected,
    }),
  });
  span.end("reason" in outcome ? outcome.reason.message : undefined);
}
