import assert from "node:assert/strict";
import { Hono } from "hono";
import { createApp } from "../../src/serve/app.ts";
import type { AppEnv } from "../../src/serve/http/env.ts";
import { startServer } from "../../src/serve/server.ts";
import {
  appending,
  basic,
  creation,
  fakeAccounts,
  fakeLedger,
  filesBelow,
  sha256Hex,
  TUS,
} from "./harness.ts";
import { type Listening, until, withServer } from "./listening.ts";

const AUTH = { Authorization: basic("customer-1", "secret") };

async function begin({ url }: Listening, length: number): Promise<string> {
  const headers = { ...AUTH, ...creation("a.csv", length) };
  const response = await fetch(`${url}/v1/uploads`, { method: "POST", headers });
  await response.body?.cancel();
  return url + response.headers.get("Location");
}

async function offsetOf(upload: string): Promise<number | null> {
  const response = await fetch(upload, { method: "HEAD", headers: { ...AUTH, ...TUS } });
  return response.ok ? Number(response.headers.get("Upload-Offset")) : null;
}

/** A raw PATCH request that can stop in the middle. */
async function openPatch(upload: string, length: number, text: string): Promise<Deno.TcpConn> {
  const { hostname, port, pathname } = new URL(upload);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const headers = { ...AUTH, ...appending(0), Host: hostname, "Content-Length": String(length) };
  const lines = Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`);
  const request = `PATCH ${pathname} HTTP/1.1\r\n${lines.join("")}\r\n${text}`;
  await connection.write(new TextEncoder().encode(request));
  return connection;
}

/** Deno 2.9 does not close a connection whose response fails: see docs/building.md. */
const CLOSES = Deno.version.deno.startsWith("2.6.");

/** Reads a problem and waits until the server closes the connection. */
async function readAll(connection: Deno.TcpConn): Promise<string> {
  let text = "";
  for await (const part of connection.readable.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (!CLOSES && text.includes("}")) break;
  }
  return text;
}

Deno.test("bytes received before the client disconnects are kept, and the upload can continue", () =>
  withServer(async (listening) => {
    const upload = await begin(listening, 10);
    const connection = await openPatch(upload, 10, "hello");
    await until(
      "the bytes arrived",
      () => listening.intake.uploads.list("customer-1")[0]?.holder !== null,
    );
    connection.close();
    await until("they are kept", async () => await offsetOf(upload) === 5);
    const last = await fetch(upload, {
      method: "PATCH",
      headers: { ...AUTH, ...appending(5) },
      body: "world",
    });
    assert.equal(last.headers.get("Mysimbdp-Sha256"), sha256Hex("helloworld"));
  }));

Deno.test("a stalled body gets 408, and its bytes are kept", () =>
  withServer(async (listening) => {
    const upload = await begin(listening, 10);
    const connection = await openPatch(upload, 10, "hello");
    const answer = await readAll(connection);
    assert.match(answer, /^HTTP\/1\.1 408 /);
    assert.match(answer, /body-stalled/);
    assert.equal(await offsetOf(upload), 5);
  }, { app: { bodies: { sender: { stallMs: 200, minRate: 1024 } } } }));

Deno.test("shutdown interrupts open bodies, keeps their bytes, and releases the data directory", () =>
  withServer(async (listening) => {
    const upload = await begin(listening, 10);
    const connection = await openPatch(upload, 10, "hello");
    await until(
      "the bytes arrived",
      () => listening.intake.uploads.list("customer-1")[0]?.holder !== null,
    );
    await listening.server.shutdown();
    connection.close();
    const [id] = (await filesBelow(`${listening.dataDir}/uploads`)).filter((n) => !n.includes("."));
    assert.equal(await Deno.readTextFile(`${listening.dataDir}/uploads/${id}`), "hello");
    // Long enough to read what has arrived, also on a busy machine.
  }, { server: { drainMs: 2_000 } }));

Deno.test({
  name: "shutdown ends although an answer never does",
  // The connection ends with the process.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withServer(async ({ intake }) => {
      const app = new Hono<AppEnv>();
      const asked = Promise.withResolvers<void>();
      app.get("/", () => {
        asked.resolve();
        return new Promise<Response>(() => {});
      });
      const listen = { hostname: "127.0.0.1", port: 0, app, intake, drainMs: 10 };
      const server = await startServer(listen);
      const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
      await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
      await asked.promise;
      await server.shutdown();
      connection.close();
    }),
});

Deno.test("expired uploads are deleted while the server runs", () =>
  withServer(async (listening) => {
    await begin(listening, 10);
    await until(
      "the upload is gone",
      async () => (await filesBelow(`${listening.dataDir}/uploads`)).length === 0,
    );
  }, { intake: { expiryMs: 50 }, server: { sweepMs: 20 } }));

Deno.test("an address in use and an invalid certificate are reported", () =>
  withServer(async ({ intake, server }) => {
    const app = createApp({
      version: "0",
      intake,
      accounts: fakeAccounts(),
      operators: fakeAccounts(),
      ledger: fakeLedger([]),
    });
    const listen = { ...server.addr, app, intake };
    await assert.rejects(startServer(listen), { code: "address-in-use" });
    const tls = { cert: "no", key: "none" };
    await assert.rejects(startServer({ ...listen, port: 0, tls }), { code: "bad-tls" });
  }));
