import assert from "node:assert/strict";
import { arrivals } from "../../src/serve/http/arrival.ts";
import { type Listening, withServer } from "./listening.ts";

/** The status and the body of the answer to a request with this host, on a connection of its own. */
async function ask(
  { url }: Listening,
  host: string,
  { path = "/v1/files", more = "" } = {},
): Promise<{ status: number; text: string }> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
  const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  const text = await new Response(connection.readable).text();
  return { status: Number(text.split(" ")[1]), text };
}

const HOSTS = ["intake.example.com", "10.0.0.5:8080", "[2001:db8:0::1]"];

Deno.test("only the hosts of server.hosts are answered", () =>
  withServer(async (listening) => {
    const answered = [
      "intake.example.com",
      "INTAKE.example.com",
      "intake.example.com.",
      "intake.example.com:8443",
      "10.0.0.5:8080",
      "[2001:db8::1]",
      "[2001:DB8::0:1]:9000",
    ];
    for (const host of answered) assert.equal((await ask(listening, host)).status, 401, host);
    const refused = [
      "127.0.0.1",
      "localhost",
      "10.0.0.5",
      "10.0.0.5:80",
      "evil.example",
      "intake.example.com.evil.example",
      "xintake.example.com",
      "[2001:db8::2]",
    ];
    for (const host of refused) {
      for (const path of ["/v1/files", "/sign-in", "/docs", "/metrics", "/assets/site.css", "/x"]) {
        const { status, text } = await ask(listening, host, { path });
        assert.equal(status, 421, `${host}${path}`);
        assert.match(text, /urn:mysimbdp:problem:wrong-host/);
      }
      for (const path of ["/livez", "/readyz"]) {
        assert.equal((await ask(listening, host, { path })).status, 200, `${host}${path}`);
      }
    }
    // Nobody is trusted here, so only the Host counts.
    const more = "X-Forwarded-Host: intake.example.com\r\nForwarded: host=intake.example.com\r\n";
    assert.equal((await ask(listening, "evil.example", { more })).status, 421);
  }, { app: { hosts: HOSTS } }));

Deno.test("behind a trusted proxy the host is the one that the client asked for", () =>
  withServer(async (listening) => {
    const through = (host: string) =>
      ask(listening, "backend", { more: `X-Forwarded-Host: ${host}\r\n` });
    assert.equal((await through("intake.example.com")).status, 401);
    assert.equal((await through("evil.example")).status, 421);
    assert.equal((await ask(listening, "backend")).status, 421);
  }, {
    app: { hosts: HOSTS },
    server: { arrival: arrivals({ trusted_proxies: ["127.0.0.1"] }) },
  }));

Deno.test("by default every host is answered", () =>
  withServer(async (listening) => {
    assert.equal((await ask(listening, "anything.example")).status, 401);
  }));

Deno.test("a Host that is no host gets 400 and changes no path", () =>
  withServer(async (listening) => {
    const invalid = [
      "a b",
      "[::1",
      "",
      "999.1.1.1",
      "a:99999",
      "user@a",
      "a/metrics?",
      "a/metrics#",
      "a?x",
      "%61",
      'a"b',
    ];
    for (const host of invalid) {
      const { status, text } = await ask(listening, host, { path: "/livez" });
      assert.equal(status, 400, `${host}: ${text}`);
      assert.match(text, /urn:mysimbdp:problem:bad-request/, host);
    }
    // Newer versions of the runtime refuse a second Host themselves.
    const { status } = await ask(listening, "a\r\nHost: b", { path: "/livez" });
    assert.equal(status, 400);
  }));
