import { NO_TRACER, type Tracer } from "../base/tracing.ts";

const ENDPOINTS = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/**
 * The tracer of a program: OpenTelemetry by OTLP over HTTP where its variables name a receiver,
 * nothing where they do not. The library is loaded only then.
 *
 * @param service the name of the program in traces, unless `OTEL_SERVICE_NAME` gives one
 *
 * @example
 * ```ts ignore
 * const tracer = await openTracer("mysimbdp-serve");
 * const span = tracer.start("POST /v1/uploads", { kind: "server", parent: traceparent });
 * span.end();
 * await tracer.close();
 * ```
 */
export async function openTracer(
  service: string,
  env: (name: string) => string | undefined = (name) => Deno.env.get(name),
): Promise<Tracer> {
  const isNamed = ENDPOINTS.some((name) => env(name));
  if (!isNamed || env("OTEL_SDK_DISABLED") === "true") return NO_TRACER;
  const { createOtelTracer } = await import("./otel_tracer.ts");
  return createOtelTracer(env("OTEL_SERVICE_NAME") || service);
}
