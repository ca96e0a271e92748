import assert from "node:assert/strict";

interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number | string; doubleValue?: number };
}

/** A received span of a trace. */
export interface ReceivedSpan {
  service: string;
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attribute[];
  status?: { code?: number };
}
interface Export {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { spans: Omit<ReceivedSpan, "service">[] }[];
  }[];
}

/** A receiver of OTLP over HTTP, like a collector. */
export class Receiver implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  text = "";

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        assert.equal(new URL(request.url).pathname, "/v1/traces");
        assert.equal(request.headers.get("content-type"), "application/json");
        const text = await request.text();
        this.text += text;
        this.#take(JSON.parse(text));
        return Response.json({});
      },
    );
  }

  get env(): Record<string, string> {
    return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}` };
  }

  named(service: string, name: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.service === service && span.name === name);
  }

  #take({ resourceSpans }: Export): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = factOf(resource.attributes, "service.name");
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        this.spans.push({ ...span, service: String(service) });
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** The value of an attribute. */
export function factOf(attributes: Attribute[], key: string): string | number | undefined {
  const value = attributes.find((attribute) => attribute.key === key)?.value;
  return value?.stringValue ?? value?.doubleValue ??
    (value?.intValue === undefined ? undefined : Number(value.intValue));
}
