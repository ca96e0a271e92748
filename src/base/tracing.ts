/** The header by which a trace goes on from one program to the next (W3C Trace Context). */
export const TRACEPARENT = "traceparent";

/** Facts about a span: small, and never a secret. */
type SpanFacts = Record<string, string | number | boolean>;

/** One step of a trace. */
export interface Span {
  /** What the next program is given so that its steps belong to this one; null when nothing is traced. */
  readonly traceparent: string | null;
  /** A step within this one. */
  child(name: string, facts?: SpanFacts): Span;
  set(facts: SpanFacts): void;
  rename(name: string): void;
  /** @param failure why it came to no good, one sentence */
  end(failure?: string): void;
}

/** How a step stands to the program before it. */
export type SpanKind = "internal" | "server" | "consumer";

/** Where steps of traces go. */
export interface Tracer {
  /** False where nothing is traced, so that nobody need collect facts for it. */
  readonly active: boolean;
  /** @param parent what the program before has given, as it is in the header */
  start(name: string, options?: { kind?: SpanKind; parent?: string | null }): Span;
  /** Sends what is left; waits for a few seconds at most. */
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

/** The parts of a `traceparent`; null where it is not one, as anybody may send anything. */
export function parseTraceparent(
  text: string | null | undefined,
): { traceId: string; spanId: string; flags: number } | null {
  const [, traceId = "", spanId = "", flags = ""] = FORM.exec(text ?? "") ?? [];
  if (traceId === "" || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, flags: parseInt(flags, 16) };
}
