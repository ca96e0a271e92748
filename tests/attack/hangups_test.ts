import assert from "node:assert/strict";
import { basic, Customers, PASSWORD } from "./customers.ts";
import { keepAll } from "../harness/modules.ts";
import { until } from "../harness/until.ts";

/** Where clients hang up: after the head, within the body, or while the answer arrives. */
const REQUESTS: { what: string; head: string; body?: string }[] = [
  { what: "a sign-in", head: "POST /sign-in", body: "user=a&password=" },
  { what: "a session", head: "POST /v1/session", body: "{" },
  { what: "JSON", head: "POST /v1/batches", body: "{" },
  { what: "a module", head: "PUT /v1/module", body: '{"files":{' },
  { what: "a sample", head: "POST /v1/module/VERSION/test-run?name=a.csv", body: "x\n" },
  { what: "a new upload", head: "POST /v1/uploads", body: "x\n1" },
  { what: "an operator's change", head: "POST /v1/admin/tenants", body: '{"name"' },
  { what: "an unknown route", head: "POST /v1/nothing", body: "x" },
  { what: "no route", head: "POST /nothing", body: "x" },
  { what: "a list", head: "GET /v1/files" },
  { what: "a version", head: "GET /v1/module/VERSION" },
  { what: "events", head: "GET /v1/events" },
  { what: "operator events", head: "GET /v1/admin/events" },
  { what: "docs", head: "GET /docs" },
  { what: "metrics", head: "GET /metrics" },
  { what: "the overview", head: "GET /v1/admin/overview" },
];

Deno.test("a client that hangs up is not an error of the server, on any route", async () => {
  await using customers = await Customers.open("", "t1");
  const { server, platform, password } = customers;
  const large = { ...keepAll(), "large.ts": "// large\n".repeat(200_000) };
  const { version } = await customers.submit("t1", large);
  platform.manage();
  await customers.checked("t1", { version } as never);
  const { hostname, port } = new URL(server.url);
  const encoder = new TextEncoder();
  for (const { what, head, body } of REQUESTS) {
    const isAdmin = head.includes("/v1/admin");
    const authorization = isAdmin ? basic("admin", password) : basic("t1", PASSWORD);
    const length = body === undefined ? "" : "Content-Length: 100000\r\n";
    const tus = "Tus-Resumable: 1.0.0\r\nUpload-Length: 100000\r\n" +
      `Upload-Metadata: filename ${btoa(`${what}.csv`)}\r\n` +
      "Content-Type: application/offset+octet-stream\r\n";
    const text = `${head.replace("VERSION", version)} HTTP/1.1\r\nHost: x\r\n` +
      `Authorization: ${authorization}\r\n${length}${body === undefined ? "" : tus}\r\n${
        body ?? ""
      }`;
    for (const waitMs of [0, 2, 20, 100]) {
      const connection = await Deno.connect({ hostname, port: Number(port) });
      await connection.write(encoder.encode(text));
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      if (waitMs === 20 && body === undefined) await connection.read(new Uint8Array(10));
      connection.close();
    }
  }
  await until("the server still answers", async () => {
    return await customers.ask("t1", "/v1/files") !== null;
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  const faults = server.process.stderr.lines.filter((line) => {
    if (!line.startsWith("{")) return true;
    const { level } = JSON.parse(line);
    return level === "error" || level === "fatal" || level === "ERROR";
  });
  assert.deepEqual(faults, []);
});
