import assert from "node:assert/strict";
import { join } from "node:path";
import { FakeServer } from "../fetch/fake_server.ts";
import { servedCertificate } from "../../src/tls/served.ts";
import { AUTHORITY, Certificates, EC, hasOpenssl } from "../harness/certificates.ts";
import { Platform } from "../harness/platform.ts";
import type { Running } from "../harness/process.ts";
import { pause, until } from "../harness/until.ts";
import type { Finding } from "../../src/upkeep/doctor/finding.ts";

const ignore = !hasOpenssl;

/** A platform with an authority, an intermediate one, and certificates of it. */
async function withCertificates(
  names: Record<string, string[]>,
): Promise<{ platform: Platform; certificates: Certificates }> {
  const platform = await Platform.create();
  const certificates = new Certificates(await platform.scratch());
  await certificates.make("root", { extensions: [AUTHORITY] });
  await certificates.make("inter", { by: "root", extensions: [AUTHORITY] });
  for (const [name, key] of Object.entries(names)) {
    await certificates.make(name, { by: "inter", key });
  }
  return { platform, certificates };
}

interface Secure {
  process: Running;
  port: number;
}

async function serveTls(platform: Platform, certificates: Certificates): Promise<Secure> {
  const files = [
    "--tls-cert",
    certificates.path("server.pem"),
    "--tls-key",
    certificates.path("server.key"),
  ];
  const process = platform.start(["serve", "--listen", "127.0.0.1:0", ...files]);
  const line = await process.line(/^listening on https:/);
  return { process, port: Number(new URL(line.replace("listening on ", "")).port) };
}

async function servedName(port: number): Promise<string> {
  const served = await servedCertificate({ hostname: "127.0.0.1", port });
  return typeof served === "string" ? served : served.name;
}

/** Requests on new connections, one after another, until stopped. @returns how many failed and why */
async function load(port: number, root: string, stop: AbortSignal): Promise<string[]> {
  const failures: string[] = [];
  const request = "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  while (!stop.aborted) {
    try {
      using connection = await Deno.connectTls({ hostname: "localhost", port, caCerts: [root] });
      await connection.write(new TextEncoder().encode(request));
      const buffer = new Uint8Array(1000);
      const count = await connection.read(buffer);
      const answer = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
      if (!answer.startsWith("HTTP/1.1 200")) throw new Error(`answer: "${answer}"`);
    } catch (error) {
      failures.push(String(error));
    }
  }
  return failures;
}

/** Requests on connections that are kept open, HTTP/1.1 or HTTP/2. @returns why requests failed */
async function keepAlive(
  port: number,
  options: Deno.CreateHttpClientOptions,
  stop: AbortSignal,
): Promise<string[]> {
  const failures: string[] = [];
  using client = Deno.createHttpClient(options);
  while (!stop.aborted) {
    try {
      const response = await fetch(`https://localhost:${port}/livez`, { client });
      await response.body?.cancel();
      if (response.status !== 200) throw new Error(`status ${response.status}`);
    } catch (error) {
      failures.push(String(error));
    }
    await pause(5);
  }
  return failures;
}

Deno.test({
  name: "SIGHUP loads a renewed certificate within a second, while no request and no upload fails",
  ignore,
  async fn() {
    const names = { first: ["rsa:2048"], second: EC, third: ["ed25519"] };
    const { platform, certificates } = await withCertificates(names);
    await using _ = platform;
    await platform.seedAccounts();
    await certificates.install(["first", "inter"]);
    const { process, port } = await serveTls(platform, certificates);
    const root = certificates.text("root.pem");
    using upload = await Deno.connectTls({ hostname: "localhost", port, caCerts: [root] });
    const send = (text: string) => upload.write(new TextEncoder().encode(text));
    await send(
      [
        "POST /v1/uploads HTTP/1.1",
        "Host: localhost",
        `Authorization: Basic ${btoa("customer-1:password-1")}`,
        "Tus-Resumable: 1.0.0",
        "Content-Type: application/offset+octet-stream",
        `Upload-Metadata: filename ${btoa("a.csv")}`,
        "Upload-Length: 5",
        "Content-Length: 5",
      ].join("\r\n") + "\r\n\r\nx\n1",
    );
    const stop = new AbortController();
    const loads = [
      ...Array.from({ length: 8 }, () => load(port, root, stop.signal)),
      keepAlive(port, { caCerts: [root], http2: false }, stop.signal),
      keepAlive(port, { caCerts: [root], http1: false }, stop.signal),
    ];
    for (const name of ["second", "third", "first", "second"]) {
      await pause(500);
      await certificates.install([name, "inter"]);
      process.kill("SIGHUP");
      const hangup = performance.now();
      await until(`"${name}" is served`, async () => (await servedName(port)) === name);
      assert.ok(performance.now() - hangup < 1000, `${performance.now() - hangup} ms`);
    }
    await pause(500);
    stop.abort();
    assert.deepEqual((await Promise.all(loads)).flat(), [], process.transcript());
    await send("2\n");
    const buffer = new Uint8Array(1000);
    const count = await upload.read(buffer);
    const answer = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
    assert.match(answer, /^HTTP\/1\.1 201 [^]*^connection: close\r$/im);
    assert.equal((await process.stop()).code, 0, process.transcript());
  },
});

Deno.test({
  name:
    "SIGHUP keeps the pair that is served if the new one is faulty, and the log names file and reason",
  ignore,
  async fn() {
    const names = { first: EC, second: EC };
    const { platform, certificates } = await withCertificates(names);
    await using _ = platform;
    await certificates.make("expired", { by: "inter", key: EC, days: -1 });
    await certificates.install(["first", "inter"]);
    const { process, port } = await serveTls(platform, certificates);
    const faults: [RegExp, () => Promise<void>][] = [
      [
        /server\.key\\": it does not belong to the certificate \\"second\\"/,
        () => certificates.install(["second", "inter"], "first"),
      ],
      [
        /server\.pem\\": its certificate number 2, \\"root\\", did not issue/,
        () => certificates.install(["second", "root"]),
      ],
      [/server\.pem\\": it is empty/, () => certificates.put("server.pem", "")],
      [/server\.pem\\": it expired on \d{4}-/, () => certificates.install(["expired", "inter"])],
      [/server\.key\\": it does not exist/, async () => {
        await certificates.install(["second", "inter"]);
        await Deno.remove(certificates.path("server.key"));
      }],
    ];
    for (const [reason, spoil] of faults) {
      await spoil();
      process.kill("SIGHUP");
      await process.line(new RegExp(`"tls\\.refused".*${reason.source}`));
      assert.equal(await servedName(port), "first");
    }
    await certificates.install(["second", "inter"]);
    process.kill("SIGHUP");
    await process.line(/"tls\.renewed".*"name":"second"/);
    assert.equal(await servedName(port), "second");
    using client = Deno.createHttpClient({ caCerts: [certificates.text("root.pem")] });
    const response = await fetch(`https://localhost:${port}/metrics`, { client });
    const metrics = await response.text();
    const end = Number(/^mysimbdp_tls_certificate_not_after_seconds (\S+)$/m.exec(metrics)?.[1]);
    assert.ok(Math.abs(end - Date.now() / 1000 - 90 * 86_400) < 3600, `${end}`);
  },
});

Deno.test({
  name: "at the start a faulty certificate or key is named, with the reason and exit code 2",
  ignore,
  async fn() {
    const { platform, certificates } = await withCertificates({ leaf: ["rsa:2048"], other: EC });
    await using _ = platform;
    const path = (name: string) => certificates.path(name);
    const file = (name: string) => certificates.text(name);
    await certificates.openssl(
      "x509",
      "-in",
      path("leaf.pem"),
      "-outform",
      "der",
      "-out",
      path("leaf.der"),
    );
    await certificates.openssl(
      "rsa",
      "-in",
      path("leaf.key"),
      "-aes256",
      "-passout",
      "pass:x",
      "-out",
      path("encrypted.key"),
    );
    await certificates.put("chain.pem", file("leaf.pem") + file("inter.pem"));
    await certificates.put("reversed.pem", file("inter.pem") + file("leaf.pem"));
    await certificates.put("empty", "");
    const faults: [string, string, RegExp][] = [
      ["leaf.key", "chain.pem", /certificate ".*leaf\.key": it is a private key\n.*Swap/],
      [
        "chain.pem",
        "other.key",
        /key ".*other\.key": it does not belong to the certificate "leaf"/,
      ],
      ["chain.pem", "encrypted.key", /key ".*encrypted\.key": it is encrypted\n.*openssl pkey/],
      ["chain.pem", "chain.pem", /key ".*chain\.pem": it is a certificate/],
      ["empty", "leaf.key", /certificate ".*empty": it is empty/],
      ["leaf.der", "leaf.key", /it is DER, not PEM\n.*openssl x509 -inform der/],
      ["reversed.pem", "leaf.key", /number 2, "leaf", did not issue the one before it, "inter"/],
      ["no.pem", "leaf.key", /certificate ".*no\.pem": it does not exist/],
    ];
    for (const [cert, key, reason] of faults) {
      const { code, stderr } = await platform.run("serve", "--listen", "127.0.0.1:0", ...[
        "--tls-cert",
        path(cert),
        "--tls-key",
        path(key),
      ]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, reason);
    }
  },
});

Deno.test({
  name: "an address that another server with TLS uses is refused",
  ignore,
  async fn() {
    const { platform, certificates } = await withCertificates({ first: EC });
    await using _ = platform;
    await using other = await Platform.create();
    await certificates.install(["first", "inter"]);
    const { port } = await serveTls(platform, certificates);
    const files = ["--tls-cert", certificates.path("server.pem")];
    files.push("--tls-key", certificates.path("server.key"));
    const { code, stderr } = await other.run("serve", "--listen", `127.0.0.1:${port}`, ...files);
    assert.equal(code, 4, stderr);
    assert.match(stderr, /Cannot listen on "127\.0\.0\.1:\d+": it is already in use/);
  },
});

Deno.test({
  name: "doctor checks the certificate that is served, and says if a renewed one is not loaded",
  ignore,
  async fn() {
    const { platform, certificates } = await withCertificates({ first: EC, second: EC });
    await using _ = platform;
    await certificates.make("soon", { by: "inter", key: EC, days: 13 });
    await certificates.make("expired", { by: "inter", key: EC, days: -1 });
    await certificates.make("later", { by: "inter", key: EC, days: 120 });
    await certificates.install(["first", "inter"]);
    const { process, port } = await serveTls(platform, certificates);
    const config = [
      "[server]",
      `listen = "127.0.0.1:${port}"`,
      `tls_cert = "${certificates.path("server.pem")}"`,
      `tls_key = "${certificates.path("server.key")}"`,
    ];
    const configure = (...more: string[]) =>
      Deno.writeTextFile(join(platform.data, "mysimbdp.toml"), [...config, ...more].join("\n"));
    await configure();
    const tls = async (): Promise<[string, string][]> => {
      const { stdout } = await platform.run("manage", "doctor", "--json");
      const all: Finding[] = stdout.trim().split("\n").map((line) => JSON.parse(line));
      return all.filter(({ check }) => check === "tls").map(({ state, what }) => [state, what]);
    };
    const served = (name: string, days: number) =>
      `the served certificate, "${name}", expires in ${days} days`;
    assert.deepEqual(await tls(), [["ok", served("first", 89)]]);
    const proxy = { cert: certificates.text("soon.pem"), key: certificates.text("soon.key") };
    await using front = new FakeServer({ tls: proxy });
    await configure(`public_url = "https://localhost:${front.port}"`);
    assert.deepEqual(await tls(), [
      ["ok", served("first", 89)],
      ["warning", `the certificate at localhost:${front.port}, "soon", expires in 12 days`],
    ]);
    await configure();
    await certificates.install(["later", "inter"]);
    const path = certificates.path("server.pem");
    assert.deepEqual(await tls(), [
      ["ok", served("first", 89)],
      [
        "warning",
        `the renewed certificate is not loaded: the certificate in ${path} is not the one that is served`,
      ],
    ]);
    await certificates.install(["later", "inter"], "first");
    const [, broken] = await tls();
    assert.deepEqual(broken?.[0], "failed");
    assert.match(broken?.[1] ?? "", /^serve cannot load its certificate again: .*does not belong/);
    await certificates.install(["soon", "inter"]);
    process.kill("SIGHUP");
    await process.line(/"tls\.expiring","name":"soon","days":12/);
    assert.deepEqual(await tls(), [["warning", served("soon", 12)]]);
    assert.equal((await process.stop()).code, 0);
    assert.match(
      (await tls())[0]?.[1] ?? "",
      /"soon", expires in 12 days; serve does not run on 127/,
    );
    await certificates.install(["expired", "inter"]);
    assert.match((await tls()).join(), /^failed,the certificate in .*"expired", expired on /);
  },
});
