/** The header that passes a trace to the next program (W3C Trace Context). */
export const TRACEPARENT = "traceparent";

/** Attributes of a span: small, and never secret. */
type SpanAttributes = Record<string, string | number | boolean>;

/** A span of a trace. */
export interface Span {
  /** Passed to the next program, so that its spans belong to this one; null if tracing is off. */
  readonly traceparent: string | null;
  /** Starts a span within this one. */
  child(name: string, attributes?: SpanAttributes): Span;
  set(attributes: SpanAttributes): void;
  rename(name: string): void;
  /** @param failure the error, one sentence */
  end(failure?: string): void;
}

/** The relation of a span to the calling program. */
export type SpanKind = "internal" | "server" | "consumer";

/** Collects spans. */
export interface Tracer {
  /** False if tracing is off; then attributes need not be collected. */
  readonly active: boolean;
  /** @param parent the `traceparent` of the calling program */
  start(name: string, options?: { kind?: SpanKind; parent?: string | null }): Span;
  /** Sends the remaining spans; waits a few seconds at most. */
  close(): Promise<void>;
}

export const NO_SPAN: Span = {
  traceparent: null,
  child: () => NO_SPAN,
  set() {},
  rename() {},
  end() {},
};

export const NO_TRACER: Tracer = {
  active: false,
  start: () => NO_SPAN,
  close: () => Promise.resolve(),
};

const FORM = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Parses a `traceparent`; returns null if it is invalid. */
export function parseTraceparent(
  text: string | null | undefined,
): { traceId: string; spanId: string; flags: number } | null {
  const [, traceId = "", spanId = "", flags = ""] = FORM.exec(text ?? "") ?? [];
  if (traceId === "" || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, flags: parseInt(flags, 16) };
}
