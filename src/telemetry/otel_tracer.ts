import {
  type Context,
  ROOT_CONTEXT,
  type Span as OtelSpan,
  SpanKind as OtelKind,
  SpanStatusCode,
  trace,
  type Tracer as OtelTracer,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { parseTraceparent, type Span, type SpanKind, type Tracer } from "../base/tracing.ts";
import { VERSION } from "../base/version.ts";

const KINDS: Record<SpanKind, OtelKind> = {
  internal: OtelKind.INTERNAL,
  server: OtelKind.SERVER,
  consumer: OtelKind.CONSUMER,
};

/** Milliseconds to send the last spans: a receiver that is down must not delay the exit. */
const CLOSE_MS = 3_000;
const SEND_EVERY_MS = 1_000;

/** A tracer that sends OTLP over HTTP as JSON; OpenTelemetry's variables set receiver and headers. */
export function createOtelTracer(service: string): Tracer {
  const processor = new BatchSpanProcessor({
    exporter: new OTLPTraceExporter({ timeoutMillis: CLOSE_MS }),
    scheduledDelayMillis: SEND_EVERY_MS,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": service, "service.version": VERSION }),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer("mysimbdp", VERSION);
  return {
    active: true,
    start(name, { kind = "internal", parent = null } = {}) {
      const context = contextOf(parent);
      return spanOf(tracer, tracer.startSpan(name, { kind: KINDS[kind] }, context), context);
    },
    async close() {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, CLOSE_MS));
      await Promise.race([provider.shutdown().catch(() => {}), late]);
      clearTimeout(timer);
    },
  };
}

function contextOf(parent: string | null): Context {
  const found = parseTraceparent(parent);
  if (found === null) return ROOT_CONTEXT;
  const { traceId, spanId, flags: traceFlags } = found;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function spanOf(tracer: OtelTracer, span: OtelSpan, outer: Context): Span {
  const context = trace.setSpan(outer, span);
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`,
    child: (name, attributes) =>
      spanOf(tracer, tracer.startSpan(name, { attributes }, context), context),
    set: (facts) => void span.setAttributes(facts),
    rename: (name) => void span.updateName(name),
    end(failure) {
      if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
      span.end();
    },
  };
}
