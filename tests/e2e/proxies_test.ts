import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Readable } from "node:stream";
import * as tus from "tus-js-client";
import { openProxied, type Proxied, PROXIES } from "../harness/proxies.ts";
import { run } from "../harness/process.ts";
import { isMissing, runTool } from "../harness/tools.ts";
import { until } from "../harness/until.ts";

const USER = "customer-1:password-1";
const AUTH = { Authorization: `Basic ${btoa(USER)}` };
const TUS = { "Tus-Resumable": "1.0.0" };
const MB = 1_000_000;
/** Addresses of this machine that are not those of the proxy. */
const [CLIENT, OTHER] = ["127.0.0.9", "127.0.0.10"];

const STEPS: Record<string, (proxied: Proxied) => Promise<void>> = {
  "fetch sends files, and finds them sent the next time": async ({ platform, url, ca }) => {
    const dir = await platform.inputDir({ "a.csv": "a,b\n1,2\n", "b.csv": randomBytes(3 * MB) });
    for (const [server, status] of [[url, "sent"], [`${url}/`, "skipped"]] as const) {
      const args = ["-d", dir, "-u", "customer-1", "-p", "password-1", "--ca", ca, "--json"];
      const { code, stdout, stderr } = await run(["fetch", ...args, "--server", server]);
      assert.equal(code, 0, stdout + stderr);
      assert.equal(stdout.match(new RegExp(`"status":"${status}"`, "g"))?.length, 2, stdout);
    }
  },

  "tus-js-client sends in chunks, with and without a slash": async ({ url, certificate }) => {
    for (const endpoint of [`${url}/v1/uploads`, `${url}/v1/uploads/`]) {
      await new Promise<void>((resolve, reject) => {
        new tus.Upload(Readable.from([randomBytes(MB)]), {
          endpoint,
          httpStack: new tus.DefaultHttpStack({ ca: certificate }),
          uploadSize: MB,
          chunkSize: MB / 4,
          headers: AUTH,
          metadata: { filename: "tus-js.csv" },
          retryDelays: null,
          onError: reject,
          onSuccess: () => resolve(),
        }).start();
      });
    }
  },

  "tuspy sends in chunks, with and without a slash": async ({ url, ca }) => {
    for (const endpoint of [`${url}/v1/uploads`, `${url}/v1/uploads/`]) {
      const args = ["-c", TUSPY, endpoint, ca, USER];
      const { code, stdout, stderr } = await runTool("python3", args);
      assert.equal(code, 0, stderr);
      assert.equal(stdout.trim(), "1000000");
    }
  },

  "a body passes as it arrives and has no limit": async (proxied) => {
    const { url, port, certificate } = proxied;
    using client = Deno.createHttpClient({ caCerts: [certificate] });
    const size = 12 * MB;
    const location = await create(proxied, size);
    const connection = await connectTls(port, certificate);
    const { host, pathname } = new URL(location);
    const head = [
      `PATCH ${pathname} HTTP/1.1`,
      `Host: ${host}`,
      ...Object.entries({ ...AUTH, ...appending(0) }).map((pair) => pair.join(": ")),
      `Content-Length: ${size}`,
    ].join("\r\n") + "\r\n\r\n";
    const writer = connection.writable.getWriter();
    await writer.write(new TextEncoder().encode(head));
    await writer.write(randomBytes(MB));
    const offset = () => offsetOf(location, client);
    // While the body is still open: a proxy that collects it would send nothing.
    await until("the first part is stored", async () => await offset() === MB);
    connection.close();
    const rest = { method: "PATCH", headers: { ...AUTH, ...appending(MB) }, client };
    const sent = await until("the upload can be resumed", async () => {
      const response = await fetch(location, { ...rest, body: randomBytes(size - MB) });
      await response.body?.cancel();
      // Until the server has noticed that the first connection has ended.
      return response.status === 423 ? null : response;
    });
    assert.equal(sent.status, 204);
    assert.ok(sent.headers.get("Mysimbdp-File-Id"), url);
  },

  "events arrive at once": async (proxied) => {
    const { url, certificate } = proxied;
    using client = Deno.createHttpClient({ caCerts: [certificate] });
    const response = await fetch(`${url}/v1/events`, { headers: AUTH, client });
    assert.ok(response.body);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    assert.match((await reader.read()).value ?? "", /^retry: /);
    await create(proxied, 0);
    // The stream stays open, so that a proxy that collects it would send nothing.
    assert.match((await reader.read()).value ?? "", /^event: changed/);
    await reader.cancel();
  },

  "throttling, logs and audit see the real client": async ({ platform, url, ca, ...proxied }) => {
    const spoof = [
      "X-Forwarded-For: 198.51.100.7",
      "Forwarded: for=198.51.100.7",
      "X-Real-IP: 1.2.3.4",
    ];
    const curl = async (from: string, ...args: string[]) => {
      const headers = spoof.flatMap((header) => ["-H", header]);
      const output = ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", ca];
      const all = [...output, "--interface", from, ...headers, ...args];
      const { stdout, stderr } = await runTool("curl", all);
      return stdout || stderr;
    };
    const form = ["user=admin", "role=operator", `password=${proxied.password}`];
    const fields = form.flatMap((field) => ["--data-urlencode", field]);
    const origin = ["-H", `Origin: ${new URL(url).origin}`];
    assert.equal(await curl(CLIENT, ...origin, ...fields, `${url}/sign-in`), "303");
    const log = await Deno.readTextFile(join(platform.data, "audit.log"));
    assert.equal(JSON.parse(log.trimEnd().split("\n").at(-1) ?? "").from, CLIENT);

    const wrong = () => curl(CLIENT, "-u", "customer-2:wrong", `${url}/v1/files`);
    await until("the client is throttled", async () => await wrong() === "429");
    assert.equal(await curl(OTHER, "-u", "customer-2:password-2", `${url}/v1/files`), "200");
    const failed = proxied.serve.records().filter(({ event }) => event === "auth.failed");
    assert.deepEqual([...new Set(failed.map(({ address }) => address))], [CLIENT]);
  },

  "metrics are not shown outside": async ({ url, ca }) => {
    const paths = [
      "metrics",
      "metrics/",
      "metrics?x",
      "%6detrics",
      "/metrics",
      "./metrics",
      "x/../metrics",
      "intake/metrics",
      "intake/intake/metrics",
    ];
    const ask = async (path: string, ...more: string[]) => {
      const args = ["-sS", "--path-as-is", "--cacert", ca, ...more, `${url}/${path}`];
      const { stdout } = await runTool("curl", args);
      assert.doesNotMatch(stdout, /mysimbdp_/, [path, ...more].join(" "));
    };
    for (const path of paths) await ask(path);
    for (const host of ["localhost/metrics?", "localhost/metrics#", "localhost/intake/metrics?"]) {
      await ask("livez", "--http1.1", "-H", `Host: ${host}`);
    }
  },

  "only the host of the server is answered": async ({ url, ca }) => {
    const ask = async (host: string) => {
      const args = ["-sS", "--cacert", ca, "-H", host, "-u", USER, `${url}/v1/files`];
      return (await runTool("curl", args)).stdout;
    };
    assert.doesNotMatch(await ask("Host: evil.example"), /"files"/);
    // The proxies say themselves which host was asked for.
    assert.match(await ask("X-Forwarded-Host: evil.example"), /"files"/);
  },

  "the path without its slash leads to the dashboard": async ({ url, certificate }) => {
    using client = Deno.createHttpClient({ caCerts: [certificate] });
    const response = await fetch(url, { client });
    assert.equal(response.url, `${url}/sign-in`);
    assert.match(await response.text(), /action="\/intake\/sign-in"/);
  },

  "a head that is never completed ends its connection": async ({ port, certificate }) => {
    const connection = await connectTls(port, certificate);
    await connection.write(new TextEncoder().encode("GET /intake/livez HTTP/1.1\r\nX-Slow: "));
    // Ends when the proxy closes the connection.
    await new Response(connection.readable).text().catch(() => "reset");
  },
};

for (const name of PROXIES) {
  Deno.test({
    name: `the server works behind ${name} with the configuration of operations.md`,
    ignore: isMissing(name, "curl", "openssl", "python3"),
    // tus-js-client keeps timers until its process ends.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn(t) {
      await using proxied = await openProxied(name);
      for (const [step, check] of Object.entries(STEPS)) {
        await t.step(step, () => check(proxied));
      }
    },
  });
}

/** Begins an upload; returns its URL. */
async function create({ url, certificate }: Proxied, size: number): Promise<string> {
  using client = Deno.createHttpClient({ caCerts: [certificate] });
  const filename = btoa(`${crypto.randomUUID()}.csv`);
  const headers = {
    ...AUTH,
    ...TUS,
    "Upload-Length": String(size),
    "Upload-Metadata": `filename ${filename}`,
  };
  const response = await fetch(`${url}/v1/uploads`, { method: "POST", headers, client });
  assert.equal(response.status, 201, await response.text());
  return new URL(response.headers.get("Location") ?? "", url).href;
}

async function offsetOf(location: string, client: Deno.HttpClient): Promise<number> {
  const response = await fetch(location, { method: "HEAD", headers: { ...AUTH, ...TUS }, client });
  return Number(response.headers.get("Upload-Offset"));
}

function appending(offset: number): Record<string, string> {
  return {
    ...TUS,
    "Upload-Offset": String(offset),
    "Content-Type": "application/offset+octet-stream",
  };
}

async function connectTls(port: number, certificate: string): Promise<Deno.TlsConn> {
  return await Deno.connectTls({ hostname: "localhost", port, caCerts: [certificate] });
}

/** What tuspy 1.1.0 does: it resolves each Location against the URL of its client. */
const TUSPY = `
import base64, ssl, sys
from urllib.parse import urljoin
from urllib.request import Request, urlopen
url, ca, user = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
common = {"Tus-Resumable": "1.0.0", "Authorization": "Basic " + base64.b64encode(user.encode()).decode()}
def send(method, url, body, headers):
    return urlopen(Request(url, body, {**common, **headers}, method=method), context=context)
data = b"x" * 1000000
name = base64.b64encode(b"tuspy.csv").decode()
made = send("POST", url, b"", {"Upload-Length": str(len(data)), "Upload-Metadata": "filename " + name})
location = urljoin(url, made.headers["Location"])
offset = 0
while offset < len(data):
    sent = send("PATCH", location, data[offset:offset + 300000], {
        "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"})
    offset = int(sent.headers["Upload-Offset"])
print(offset)
`;
