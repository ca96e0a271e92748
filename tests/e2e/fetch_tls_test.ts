import assert from "node:assert/strict";
import { join } from "node:path";
import { FakeServer, PASSWORD, USER } from "../fetch/fake_server.ts";
import { TempDir } from "../fetch/setup.ts";
import { AUTHORITY, Certificates, EC, hasOpenssl } from "../harness/certificates.ts";
import { type Result, run } from "../harness/process.ts";

const ignore = !hasOpenssl;
const LEAF = "basicConstraints=critical,CA:FALSE";
const LOCAL = "subjectAltName=DNS:localhost,IP:127.0.0.1";

/** Runs `fetch` with the binary; `more` are further arguments. */
async function send(server: string, ...more: string[]): Promise<Result> {
  await using files = new TempDir();
  await files.write("a.csv", "x\n1\n");
  const args = ["fetch", "-u", USER, "-d", files.path, "--server", server, ...more];
  return await run(args, { env: { MYSIMBDP_PASSWORD: PASSWORD } });
}

async function withServer<T>(
  certificates: Certificates,
  name: string,
  work: (port: number, server: FakeServer) => Promise<T>,
): Promise<T> {
  const tls = { cert: certificates.text(`${name}.pem`), key: certificates.text(`${name}.key`) };
  await using server = new FakeServer({ tls });
  return await work(server.port, server);
}

/** A self-signed certificate as `openssl req -x509` makes it, with more arguments. */
async function selfSigned(certificates: Certificates, name: string, ...more: string[]) {
  const files = [
    "-keyout",
    certificates.path(`${name}.key`),
    "-out",
    certificates.path(`${name}.pem`),
  ];
  const key = more.includes("-newkey") ? [] : ["-newkey", "rsa:2048"];
  await certificates.openssl(
    ...["req", "-x509", "-nodes", "-subj", "/CN=localhost"],
    ...key,
    ...more,
    ...files,
  );
}

Deno.test({
  name: "fetch says why it does not accept a certificate, and exits with 4",
  ignore,
  async fn() {
    await using dir = new TempDir();
    const certificates = new Certificates(dir.path);
    await selfSigned(certificates, "plain");
    await selfSigned(certificates, "authority", "-addext", LOCAL);
    await selfSigned(certificates, "nameless", "-addext", LEAF);
    await selfSigned(
      certificates,
      "elsewhere",
      "-addext",
      LEAF,
      "-addext",
      "subjectAltName=DNS:a.example,IP:10.0.0.1",
    );
    await certificates.make("expired", { days: -1 });
    const reasons: [string, RegExp][] = [
      [
        "plain",
        /certificate "localhost" is that of an authority \(CA:TRUE\).*\n {2}hint: .*openssl req -x509/,
      ],
      ["authority", /is that of an authority \(CA:TRUE\)/],
      [
        "nameless",
        /certificate "localhost" is for no host: it has no subjectAltName.*\n.*"subjectAltName=DNS:localhost"/,
      ],
      ["elsewhere", /certificate "localhost" is for a\.example, 10\.0\.0\.1, not for localhost\n/],
      [
        "expired",
        /certificate "expired" expired on \d{4}-\d\d-\d\d \d\d:\d\d UTC\n.*renew it.*clock/,
      ],
    ];
    for (const [name, reason] of reasons) {
      await withServer(certificates, name, async (port) => {
        const ca = certificates.path(`${name}.pem`);
        const { code, stderr } = await send(`https://localhost:${port}`, "--ca", ca);
        assert.equal(code, 4, stderr);
        assert.match(stderr, reason);
      });
    }
  },
});

Deno.test({
  name: "fetch accepts certificates that the command in its hint makes, of each kind of key",
  ignore,
  async fn() {
    await using dir = new TempDir();
    const certificates = new Certificates(dir.path);
    const keys = { rsa: ["rsa:2048"], ec: EC, ed25519: ["ed25519"] };
    for (const [name, key] of Object.entries(keys)) {
      await selfSigned(certificates, name, "-newkey", ...key, "-addext", LEAF, "-addext", LOCAL);
      await withServer(certificates, name, async (port, server) => {
        const ca = certificates.path(`${name}.pem`);
        for (const host of ["localhost", "127.0.0.1"]) {
          const { code, stderr } = await send(`https://${host}:${port}`, "--ca", ca);
          assert.equal(code, 0, stderr);
        }
        assert.deepEqual(server.names(), ["a.csv"]);
      });
    }
  },
});

Deno.test({
  name:
    "fetch: an unknown authority, without and with --ca, and a server that does not send its chain",
  ignore,
  async fn() {
    await using dir = new TempDir();
    const certificates = new Certificates(dir.path);
    await certificates.make("root", { key: EC, extensions: [AUTHORITY] });
    await certificates.make("other", { extensions: [AUTHORITY] });
    await certificates.make("inter", { key: EC, by: "root", extensions: [AUTHORITY] });
    await certificates.make("leaf", { by: "inter" });
    await withServer(certificates, "leaf", async (port) => {
      const url = `https://localhost:${port}`;
      const without = await send(url);
      assert.equal(without.code, 4);
      assert.match(without.stderr, /"leaf" is not trusted: it was not issued .*\n.*--ca FILE\.\n/);
      for (const ca of ["other", "root"]) {
        const { code, stderr } = await send(url, "--ca", certificates.path(`${ca}.pem`));
        assert.equal(code, 4);
        assert.match(
          stderr,
          /"leaf" is not trusted: no certificate in the file of --ca issued it\n/,
        );
      }
      assert.equal((await send(url, "--ca", certificates.path("inter.pem"))).code, 0);
    });
  },
});

Deno.test({
  name: "fetch: http to a port with TLS and https to one without say so, and exit with 4",
  ignore,
  async fn() {
    await using dir = new TempDir();
    const certificates = new Certificates(dir.path);
    await certificates.make("leaf");
    await using plain = new FakeServer();
    await withServer(certificates, "leaf", async (port) => {
      const commands = [["-d", "."], ["uploads", "list"], ["module", "status"]];
      for (
        const [secure, url, hint] of [
          ["HTTPS, not HTTP", `http://127.0.0.1:${port}`, `Use https://127.0.0.1:${port}.`],
          ["HTTP, not HTTPS", plain.url.replace("http", "https"), `Use ${plain.url}, which`],
        ] as const
      ) {
        for (const command of commands) {
          const args = ["fetch", ...command, "-u", USER, "--server", url];
          const env = { MYSIMBDP_PASSWORD: PASSWORD };
          const { code, stderr } = await run(args, { env, cwd: dir.path });
          assert.equal(code, 4, `${command}: ${stderr}`);
          assert.ok(stderr.includes(`it speaks ${secure}\n  hint: ${hint}`), stderr);
        }
      }
    });
  },
});

Deno.test("fetch: a server that redirects to https is not followed, and the address is named", async () => {
  await using server = new FakeServer({
    intercept: (request) => {
      const { pathname, search } = new URL(request.url);
      const location = `https://intake.example.com/in${pathname}${search}`;
      return new Response(null, { status: 301, headers: { location } });
    },
  });
  const { code, stderr } = await send(server.url);
  assert.equal(code, 4);
  assert.match(stderr, /it redirects to https:\/\/intake\.example\.com\/in\n {2}hint: Use https:/);
});

Deno.test("fetch: https to a port that speaks something else", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      await connection.write(new TextEncoder().encode("SSH-2.0-OpenSSH_9.2\r\n")).catch(() => {});
      connection.close();
    }
  })();
  const { port } = listener.addr as Deno.NetAddr;
  const { code, stderr } = await send(`https://127.0.0.1:${port}`);
  listener.close();
  await serving.catch(() => {});
  assert.equal(code, 4);
  assert.match(stderr, /it does not speak TLS\n/);
});

Deno.test({
  name: "fetch: a faulty file of --ca is named with the reason, and exits with 2",
  ignore,
  async fn() {
    await using dir = new TempDir();
    const certificates = new Certificates(dir.path);
    await certificates.make("leaf");
    await certificates.put("empty", "");
    await certificates.put("text", "hello");
    for (
      const [name, reason] of [
        ["missing", "it does not exist"],
        ["empty", "it is empty"],
        ["text", "it is not PEM"],
        ["leaf.key", "it contains no certificate but PRIVATE KEY"],
      ] as const
    ) {
      const path = join(dir.path, name);
      const { code, stderr } = await send("https://localhost:1", "--ca", path);
      assert.equal(code, 2, stderr);
      assert.ok(stderr.includes(`Cannot read the certificates "${path}": ${reason}\n`), stderr);
    }
  },
});

Deno.test("a password file with a byte order mark or other line ends works; other encodings are named", async () => {
  await using dir = new TempDir();
  await using server = new FakeServer();
  const utf8 = [...new TextEncoder().encode(PASSWORD)];
  const utf16 = [...PASSWORD].flatMap((letter) => [letter.charCodeAt(0), 0]);
  const bom = [0xef, 0xbb, 0xbf];
  const files: [string, number[], number, RegExp][] = [
    ["a byte order mark", [...bom, ...utf8], 0, /^$/],
    ["with a line end of Windows", [...bom, ...utf8, 13, 10], 0, /^$/],
    ["a carriage return", [...utf8, 13], 0, /^$/],
    ["UTF-16", [0xff, 0xfe, ...utf16], 2, /the file ".*": it is UTF-16\n {2}hint: Save it as/],
    ["UTF-16 without a mark", utf16, 2, /it is UTF-16\n/],
    ["Latin-1", [...PASSWORD].map((letter) => letter.charCodeAt(0)), 2, /it is not UTF-8\n/],
    ["only a mark", bom, 2, /is empty/],
  ];
  for (const [what, bytes, code, message] of files) {
    const path = join(dir.path, "password");
    await Deno.writeFile(path, new Uint8Array(bytes));
    const result = await send(server.url, "--password-file", path);
    assert.equal(result.code, code, `${what}: ${result.stderr}`);
    assert.match(result.stderr, message, what);
  }
});

Deno.test({
  name: "fetch --ca reads each kind of PEM that openssl writes, and says which it cannot use",
  ignore,
  async fn() {
    await using dir = new TempDir();
    const certificates = new Certificates(dir.path);
    await certificates.make("root", { extensions: [AUTHORITY] });
    await certificates.make("leaf", { by: "root" });
    await certificates.make("odd", {
      extensions: [AUTHORITY, "1.2.3.4=critical,ASN1:UTF8String:x"],
    });
    const root = certificates.path("root.pem");
    const written = (file: string) => certificates.path(file);
    await certificates.openssl("x509", "-in", root, "-trustout", "-out", written("trusted.pem"));
    await certificates.openssl("x509", "-in", root, "-text", "-out", written("text.pem"));
    const oneLine = certificates.text("root.pem").replaceAll("\n", "");
    await Deno.writeTextFile(written("one-line.pem"), oneLine);
    await withServer(certificates, "leaf", async (port) => {
      const url = `https://localhost:${port}`;
      for (const file of ["trusted.pem", "text.pem", "one-line.pem"]) {
        const { code, stderr } = await send(url, "--ca", written(file));
        assert.equal(code, 0, file + stderr);
      }
      const odd = await send(url, "--ca", written("odd.pem"));
      assert.equal(odd.code, 2);
      assert.match(
        odd.stderr,
        /--ca: one is refused \(.*UnsupportedCriticalExtension.*\)\n {2}hint: /,
      );
    });
  },
});
