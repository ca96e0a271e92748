// A server that does nothing else while it answers `/freeze`.
const FREEZES_MS = 400;

const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  async (request) => {
    await request.arrayBuffer();
    if (request.url.endsWith("/freeze")) {
      for (const end = performance.now() + FREEZES_MS; performance.now() < end;);
    }
    return new Response("", { status: request.method === "POST" ? 201 : 200 });
  },
);
(self as unknown as { postMessage(url: string): void }).postMessage(
  `http://127.0.0.1:${server.addr.port}`,
);
