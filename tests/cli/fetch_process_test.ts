import assert from "node:assert/strict";
import { join } from "node:path";
import { FakeServer, PASSWORD, USER } from "../fetch/fake_server.ts";
import { noise, TempDir } from "../fetch/setup.ts";

const MIB = 1024 * 1024;
const MAIN = new URL("./fetch_main.ts", import.meta.url).pathname;
const CONSTRAINTS = { data_sizes: 100_000 };
const ENV = { MYSIMBDP_PASSWORD: PASSWORD, NO_COLOR: "1" };

function command(args: string[], options: Deno.CommandOptions = {}): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, "fetch", "-u", USER, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...options,
    env: { ...ENV, ...options.env },
  });
}

async function run(args: string[], options: Deno.CommandOptions = {}) {
  const { code, stdout, stderr } = await command(args, options).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

async function until(what: () => boolean): Promise<void> {
  for (let tries = 0; tries < 6000 && !what(); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(what(), `it never happened: ${what}`);
}

/** Accepts some pieces and blocks the others until released. */
function holdAfter(server: FakeServer, pieces: number): () => void {
  const open = Promise.withResolvers<void>();
  let seen = 0;
  server.intercept = async (request) => {
    if (request.method === "PATCH" && ++seen > pieces) await open.promise;
    return undefined;
  };
  return () => {
    server.intercept = () => undefined;
    open.resolve();
  };
}

Deno.test("after SIGKILL during an upload the next run resumes", async () => {
  await using server = new FakeServer({ constraints: CONSTRAINTS });
  await using dir = new TempDir();
  const content = noise(64 * MIB);
  await dir.write("big.csv", content);
  const letOn = holdAfter(server, 2);
  const child = command(["-d", dir.path, "--server", server.url]).spawn();
  await until(() => server.sent("PATCH").count === 3);
  child.kill("SIGKILL");
  await child.output();
  letOn();
  const { code, out } = await run(["-d", dir.path, "--server", server.url, "--json"]);
  assert.equal(code, 0, out);
  const line = JSON.parse(out.split("\n")[0]!);
  assert.equal(line.status, "sent");
  assert.ok(line.resumedFrom >= 5 * MIB, `resumed at ${line.resumedFrom}`);
  assert.equal(server.files.length, 1);
  assert.deepEqual(server.files[0]!.content, content);
});

Deno.test({
  name: "SIGINT: a line per file, a summary, exit 1, and the next run resumes",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using server = new FakeServer({ constraints: CONSTRAINTS });
    await using dir = new TempDir();
    await dir.write("big.csv", noise(64 * MIB));
    const letOn = holdAfter(server, 2);
    const child = command(["-d", dir.path, "--server", server.url]).spawn();
    await until(() => server.sent("PATCH").count === 3);
    child.kill("SIGINT");
    const { code, stdout, stderr } = await child.output();
    letOn();
    const out = new TextDecoder().decode(stdout);
    assert.equal(code, 1);
    assert.match(out, /^failed {4}big\.csv {2}Cannot finish: interrupted\n1 failed\n$/);
    assert.equal(new TextDecoder().decode(stderr), "");
    const again = await run(["-d", dir.path, "--server", server.url]);
    assert.match(again.out, /^sent {6}big\.csv {2}64\.0 MB .* resumed at /);
  },
});

Deno.test({
  name: "--watch ends with a summary and exit 0 at SIGTERM",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using server = new FakeServer();
    await using dir = new TempDir();
    const args = ["-d", dir.path, "--server", server.url, "--watch", "--rest", "0.1"];
    const child = command(args).spawn();
    const stderr = new Response(child.stderr).text();
    let stdout = "";
    const read = child.stdout.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({ write: (text) => void (stdout += text) }),
    );
    await until(() => server.requests.length > 0);
    await dir.write("a.csv", "1");
    // The server has the file before `fetch` has its answer.
    await until(() => stdout.includes("sent"));
    child.kill("SIGTERM");
    assert.equal((await child.status).code, 0);
    await read;
    assert.match(stdout, /^sent {6}a\.csv.*\n1 sent, 1 byte in /);
    assert.match(await stderr, /watching .*; press Ctrl-C to stop/);
  },
});

Deno.test("failures: one sentence, a hint, the exit code, no stack", async () => {
  await using server = new FakeServer();
  await using dir = new TempDir();
  await dir.write("a.csv", "1");
  const env = { MYSIMBDP_PASSWORD: "" };
  const cases: [number, RegExp, string[], Deno.CommandOptions?][] = [
    [2, /Cannot read the directory/, ["-d", join(dir.path, "x"), "--server", server.url]],
    [2, /no password was given/, ["-d", dir.path, "--server", server.url], { env }],
    [3, /wrong user name or password/, ["-d", dir.path, "--server", server.url, "-p", "no"]],
    [4, /connection was refused/, ["-d", dir.path, "--server", "http://127.0.0.1:2"]],
    [4, /the host is unknown/, ["-d", dir.path, "--server", "https://no.invalid"]],
    [4, /it speaks HTTP, not HTTPS/, [
      "-d",
      dir.path,
      "--server",
      server.url.replace("http:", "https:"),
    ]],
  ];
  for (const [exitCode, sentence, args, options] of cases) {
    const { code, out, err } = await run(args, options);
    assert.equal(code, exitCode, err);
    assert.equal(out, "");
    assert.match(err, /^mysimbdp: .*\n {2}hint: .*\n$/);
    assert.match(err, sentence);
  }
});

Deno.test("a self-signed certificate is refused, and trusted with --ca", async (test) => {
  await using dir = new TempDir();
  await using files = new TempDir();
  await files.write("a.csv", "1");
  const [key, cert] = [join(dir.path, "key.pem"), join(dir.path, "cert.pem")];
  if (!(await makeCertificate(key, cert))) {
    await test.step({ name: "openssl is not installed", ignore: true, fn() {} });
    return;
  }
  const tls = { key: await Deno.readTextFile(key), cert: await Deno.readTextFile(cert) };
  await using server = new FakeServer({ tls });
  const refused = await run(["-d", files.path, "--server", server.url]);
  assert.equal(refused.code, 4);
  assert.match(
    refused.err,
    /certificate "localhost" is not trusted[^\n]*\n {2}hint: .*--ca FILE\.\n$/,
  );
  const trusted = await run(["-d", files.path, "--server", server.url, "--ca", cert]);
  assert.equal(trusted.code, 0, trusted.err);
  assert.deepEqual(server.names(), ["a.csv"]);
  const missing = await run(["-d", files.path, "--server", server.url, "--ca", `${cert}x`]);
  assert.equal(missing.code, 2);
});

async function makeCertificate(key: string, cert: string): Promise<boolean> {
  const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  args.push("-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", cert);
  args.push("-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE");
  const options = { args, stdout: "null", stderr: "null" } as const;
  return await new Deno.Command("openssl", options).output().then(
    ({ success }) => success,
    () => false,
  );
}

const PTY = `
import os, pty, select, sys, termios
typed = sys.argv[1].encode().decode("unicode_escape").encode("latin-1")
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
def echo():
    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)
seen, sent, hidden = b"", False, None
while True:
    try:
        select.select([fd], [], [], 60)
        part = os.read(fd, 65536)
    except OSError:
        break
    if not part:
        break
    seen += part
    if not sent and b"Password for" in seen:
        for _ in range(500):
            hidden = not echo()
            if hidden:
                break
            select.select([], [], [], 0.01)
        os.write(fd, typed)
        sent = True
_, status = os.waitpid(pid, 0)
print(os.waitstatus_to_exitcode(status), hidden)
sys.stdout.write(seen.decode())
`;

Deno.test({
  name: "the prompt hides what is typed",
  ignore: Deno.build.os === "windows",
  async fn(test) {
    await using server = new FakeServer();
    await using dir = new TempDir();
    await dir.write("a.csv", "1");
    const ask = async (typed: string) => {
      const args = ["run", "-A", MAIN, "fetch", "-u", USER, "-d", dir.path, "--server", server.url];
      const python = new Deno.Command("python3", {
        args: ["-c", PTY, typed, Deno.execPath(), ...args],
        env: { MYSIMBDP_PASSWORD: "", NO_COLOR: "1", TERM: "xterm" },
      });
      const { stdout, success, stderr } = await python.output();
      assert.ok(success, new TextDecoder().decode(stderr));
      return new TextDecoder().decode(stdout);
    };
    const hasPty = await new Deno.Command("python3", { args: ["-c", "import pty"] }).output()
      .then(({ success }) => success, () => false);
    if (!hasPty) {
      await test.step({
        name: "python3 with its pty module is not installed",
        ignore: true,
        fn() {},
      });
      return;
    }
    // "ä" in UTF-8, and a typo that is deleted.
    const right = await ask("p\\xc3\\xa4ssword-2\\x7f1\\r");
    assert.match(right, /^0 True\n/);
    assert.match(right, /Password for customer-1: \r\n/);
    assert.match(right, /sent {6}a\.csv/);
    assert.ok(!right.includes("ssword-"), "nothing was echoed");
    const wrong = await ask("nonsense\\r");
    assert.match(wrong, /^3 True\n/);
    assert.ok(!wrong.includes("nonsense"));
    const interrupted = await ask("abc\\x03");
    assert.match(interrupted, /^1 True\n/);
    assert.match(interrupted, /the prompt was interrupted/);
  },
});
