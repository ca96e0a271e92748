import { NO_TRACER, type Tracer } from "../base/tracing.ts";

const ENDPOINTS = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/**
 * Opens the tracer of a program: OpenTelemetry by OTLP over HTTP if its variables name a receiver,
 * otherwise none. The library is loaded only if needed.
 *
 * @param service the name of the program in traces; `OTEL_SERVICE_NAME` takes precedence
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
