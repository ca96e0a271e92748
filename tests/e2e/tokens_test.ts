import assert from "node:assert/strict";
import { join } from "node:path";
import { binary } from "../harness/binary.ts";
import { Platform } from "../harness/platform.ts";
import { run, Running } from "../harness/process.ts";
import { isMissing } from "../harness/tools.ts";
import { DEADLINE_SECONDS, until } from "../harness/until.ts";

const PASSWORD = "password-1";

/** Runs a command on a pseudo-terminal; types each answer once its question is shown. */
async function onTerminal(
  args: string[],
  env: Record<string, string>,
  answers: [question: string, typed: string][],
): Promise<{ code: number; shown: string }> {
  const line = [binary(), ...args].map((word) => `'${word}'`).join(" ");
  await using child = new Deno.Command("script", {
    args: ["-qec", line, "/dev/null"],
    env: { TERM: "xterm", NO_COLOR: "1", ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let shown = "";
  const reading = (async () => {
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) shown += part;
  })();
  const writer = child.stdin.getWriter();
  for (const [question, typed] of answers) {
    await until(`"${question}" is shown`, () => shown.includes(question));
    // The terminal changes its mode after the question is written.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await writer.write(new TextEncoder().encode(typed));
  }
  const { code } = await child.status;
  await writer.close().catch(() => {});
  await reading;
  return { code, shown: shown.replaceAll("\r", "") };
}

/** A platform with `customer-1`, its server, and an empty configuration of its user. */
async function withCustomer(
  test: (t: {
    platform: Platform;
    url: string;
    env: Record<string, string>;
    file: string;
    /** Runs `fetch` with the user's configuration. */
    fetch: (...args: string[]) => ReturnType<typeof run>;
  }) => Promise<void>,
): Promise<void> {
  await using platform = await Platform.create();
  await platform.seedAccounts();
  const { url } = await platform.serve();
  const config = await platform.scratch();
  const env = { XDG_CONFIG_HOME: config };
  const fetch = (...args: string[]) => run(["fetch", ...args, "--server", url], { env });
  const file = join(config, "mysimbdp/credentials.json");
  await test({ platform, url, env, file, fetch });
}

const modeOf = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;
const statusOf = async (url: string, path: string, authorization: string) => {
  const response = await fetch(`${url}${path}`, { headers: { Authorization: authorization } });
  await response.body?.cancel();
  return response.status;
};
const basic = (password: string) => `Basic ${btoa(`customer-1:${password}`)}`;

Deno.test({
  name:
    "fetch login on a terminal, sending without a password, and a clear message after a revocation",
  ignore: isMissing("script"),
  fn: () =>
    withCustomer(async ({ platform, url, env, file, fetch }) => {
      const input = await platform.inputDir({ "a.csv": "x\n1\n" });
      const before = await fetch("-d", input);
      assert.equal(before.code, 2);
      assert.match(before.stderr, /Run mysimbdp fetch login/);

      const login = await onTerminal(["fetch", "login", `${url}/`], env, [
        [`User for ${url}`, "customer-1\n"],
        ["Password for customer-1", `${PASSWORD}\n`],
      ]);
      assert.equal(login.code, 0, login.shown);
      assert.ok(!login.shown.includes(PASSWORD), "the password is not shown");
      assert.match(login.shown, /logged in to .* as customer-1; the token "fetch on .*" \(send\)/);
      const [stored] = Object.values<{ token: string }>(
        JSON.parse(Deno.readTextFileSync(file)).servers,
      );
      const { token } = stored!;
      assert.ok(!login.shown.includes(token));
      assert.deepEqual([modeOf(file), modeOf(join(file, ".."))], [0o600, 0o700]);

      const sent = await fetch("-d", input);
      assert.equal(sent.code, 0, sent.stderr);
      assert.match(sent.stdout, /^sent +a\.csv/m);
      assert.equal((await fetch("uploads", "list")).code, 0);
      const module = await fetch("module", "status");
      assert.equal(module.code, 3);
      assert.match(module.stderr, /needs the scope "module"\n.*--scope send,module/);

      Deno.chmodSync(file, 0o644);
      const open = await fetch("uploads", "list");
      assert.equal(open.code, 0);
      assert.match(open.stderr, /other users could read/);
      assert.equal(modeOf(file), 0o600);

      const listed = await platform.must("manage", "tenant", "tokens", "customer-1", "--json");
      const { id, name, lastUsedAt } = JSON.parse(listed);
      assert.match(name, /^fetch on /);
      assert.ok(lastUsedAt === null || Date.parse(lastUsedAt) > 0);
      await platform.must("manage", "tenant", "tokens", "revoke", "customer-1", id);
      assert.match(await platform.must("manage", "audit"), /token\.revoke +customer-1/);
      const refused = await fetch("-d", input);
      assert.equal(refused.code, 3);
      assert.match(refused.stderr, /API token: it is unknown or was revoked/);
      assert.match(refused.stderr, new RegExp(`Run mysimbdp fetch login ${url}`));
      assert.equal(await statusOf(url, "/v1/usage", `Bearer ${token}`), 401);
    }),
});

Deno.test("login without a terminal replaces the token of the server, logout revokes it", () =>
  withCustomer(async ({ platform, url, file, fetch }) => {
    const password = join(await platform.inputDir({ pw: `${PASSWORD}\n` }), "pw");
    const login = (...more: string[]) =>
      fetch("login", "-u", "customer-1", "--password-file", password, "--json", ...more);
    const tokenNow = () => JSON.parse(Deno.readTextFileSync(file)).servers[url].token;
    const first = await login("--name", "box", "--days", "2");
    assert.equal(first.code, 0, first.stderr);
    const view = JSON.parse(first.stdout);
    assert.deepEqual([view.user, view.name, view.scope, view.path], [
      "customer-1",
      "box",
      "send",
      file,
    ]);
    const token = tokenNow();
    assert.ok(!first.stdout.includes(token));
    assert.match((await fetch("uploads", "list")).stderr, /notice: the API token expires at/);

    assert.equal((await login("--scope", "send,module")).code, 0);
    const second = tokenNow();
    assert.equal(await statusOf(url, "/v1/usage", `Bearer ${token}`), 401);
    assert.equal((await fetch("module", "status")).code, 0);

    const other = await fetch("uploads", "list", "-u", "customer-2");
    assert.equal(other.code, 2, "the token of customer-1 is not used for customer-2");
    const flags = await fetch("uploads", "list", "-u", "customer-1", "-p", "wrong");
    assert.equal(flags.code, 3, "a flag takes precedence");
    assert.equal(flags.stderr.includes("notice"), false, "scripts get no notice");

    const out = await fetch("logout");
    assert.equal(out.code, 0, out.stderr);
    assert.equal(await statusOf(url, "/v1/usage", `Bearer ${second}`), 401);
    assert.equal((await fetch("logout")).code, 2);
    assert.equal((await fetch("uploads", "list")).code, 2);
  }));

Deno.test("logins at the same time leave one token", () =>
  withCustomer(async ({ platform, url, fetch }) => {
    const password = join(await platform.inputDir({ pw: `${PASSWORD}\n` }), "pw");
    const login = () => fetch("login", "-u", "customer-1", "--password-file", password);
    const codes = (await Promise.all([login(), login(), login()])).map(({ code }) => code);
    assert.deepEqual(codes, [0, 0, 0]);
    const headers = { Authorization: basic(PASSWORD) };
    const list = await (await globalThis.fetch(`${url}/v1/tokens`, { headers })).json();
    assert.equal(list.tokens.length, 1, "nobody has the others");
    assert.equal((await fetch("uploads", "list")).code, 0);
  }));

Deno.test("MYSIMBDP_TOKEN takes the place of user and password", () =>
  withCustomer(async ({ url }) => {
    const response = await fetch(`${url}/v1/tokens`, {
      method: "POST",
      headers: { Authorization: basic(PASSWORD) },
      body: JSON.stringify({ name: "ci" }),
    });
    const { token } = await response.json();
    const list = (value: string) =>
      run(["fetch", "uploads", "list", "--server", url], { env: { MYSIMBDP_TOKEN: value } });
    assert.equal((await list(token)).code, 0);
    assert.match((await list("abc")).stderr, /MYSIMBDP_TOKEN: it is no API token/);
  }));

Deno.test({
  name: "-p with a password warns once, on a terminal only",
  ignore: isMissing("script"),
  fn: () =>
    withCustomer(async ({ platform, url, env }) => {
      const input = await platform.inputDir({ "a.csv": "x\n1\n" });
      const fetch = ["fetch", "-u", "customer-1", "-p", PASSWORD, "-d", input, "--server", url];
      const { shown } = await onTerminal(fetch, env, []);
      assert.equal(shown.split("list of processes").length, 2, shown);
      assert.match(shown, /fetch login/);
      const passwd = ["manage", "tenant", "passwd", "customer-2", "--data", platform.data];
      const changed = await onTerminal([...passwd, "-p", "password-2"], env, []);
      assert.match(changed.shown, /list of processes; use --password-file FILE or -p -/);
      assert.equal((await run(fetch, { env })).stderr, "");
    }),
});

/** Opens a stream of events; resolves with the time at which it ended. */
async function openStream(url: string, authorization: string): Promise<Promise<number>[]> {
  const signal = AbortSignal.timeout(DEADLINE_SECONDS * 1000);
  const headers = { Authorization: authorization };
  const response = await fetch(`${url}/v1/events`, { headers, signal });
  assert.equal(response.status, 200);
  return [response.text().then(() => Date.now())];
}

Deno.test("what was opened before a disable is over after an enable, and streams end within seconds", () =>
  withCustomer(async ({ platform, url }) => {
    const created = await fetch(`${url}/v1/tokens`, {
      method: "POST",
      headers: { Authorization: basic(PASSWORD) },
      body: JSON.stringify({ name: "ci" }),
    });
    const { token } = await created.json();
    const opened = await fetch(`${url}/v1/session`, {
      method: "POST",
      headers: { Authorization: basic(PASSWORD) },
    });
    const { token: session } = await opened.json();
    const all = [`Bearer ${token}`, `Bearer ${session}`, basic(PASSWORD)];
    const streams = (await Promise.all(all.map((each) => openStream(url, each)))).flat();
    // Nothing asks the server in between.
    await platform.must("manage", "tenant", "disable", "customer-1");
    await platform.must("manage", "tenant", "enable", "customer-1");
    const enabledAt = Date.now();
    for (const ended of streams) assert.ok(await ended - enabledAt < 3_000);
    const statuses = await Promise.all(all.map((each) => statusOf(url, "/v1/usage", each)));
    assert.deepEqual(statuses, [401, 401, 200]);
  }));

Deno.test("a password rotated with a grace: both work, then the old one and its stream end", () =>
  withCustomer(async ({ platform, url }) => {
    const [stream] = await openStream(url, basic(PASSWORD));
    const passwd = ["manage", "tenant", "passwd", "customer-1"];
    const said = await platform.must(...passwd, "-p", "password-9", "--grace", "4s");
    const until = Date.parse(/until (\S+Z)/.exec(said)?.[1] ?? "");
    const statuses = () =>
      Promise.all([PASSWORD, "password-9"].map((each) => statusOf(url, "/v1/usage", basic(each))));
    assert.deepEqual(await statuses(), [200, 200]);
    assert.match(await platform.must("manage", "tenant", "list"), /old password until/);
    const endedAt = await stream!;
    assert.ok(endedAt >= until && endedAt - until < 3_000, `${endedAt - until} ms`);
    assert.deepEqual(await statuses(), [401, 200]);
    assert.doesNotMatch(await platform.must("manage", "tenant", "list"), /old password until/);
  }));

Deno.test("disabled in users.json by hand: a running serve ends tokens and sessions for good", () =>
  withCustomer(async ({ platform, url }) => {
    const post = async (path: string, body: string) => {
      const headers = { Authorization: basic(PASSWORD) };
      return (await (await fetch(`${url}${path}`, { method: "POST", headers, body })).json()).token;
    };
    const token = await post("/v1/tokens", '{"name":"ci"}');
    const session = await post("/v1/session", "");
    const all = [`Bearer ${token}`, `Bearer ${session}`, basic(PASSWORD)];
    const streams = (await Promise.all(all.map((each) => openStream(url, each)))).flat();
    const path = join(platform.data, "users.json");
    // After its first login an account gets a new hash; an editor must not write in between.
    const before = await until("the account has its new hash", () => {
      const text = Deno.readTextFileSync(path);
      return JSON.parse(text)["customer-1"].startsWith("$argon2id$") && text;
    });
    const users = JSON.parse(before);
    Deno.writeTextFileSync(
      path,
      JSON.stringify({ ...users, "customer-1": `!${users["customer-1"]}` }),
    );
    const disabledAt = Date.now();
    for (const ended of streams) assert.ok(await ended - disabledAt < 3_000);
    // Nobody asks the server meanwhile; it looks each second.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    Deno.writeTextFileSync(path, before);
    const statuses = await Promise.all(all.map((each) => statusOf(url, "/v1/usage", each)));
    assert.deepEqual(statuses, [401, 401, 200]);
  }));

Deno.test("an operator's session and stream do not survive a disable", async () => {
  await using platform = await Platform.create();
  await platform.must("manage", "operator", "add", "alice", "-p", "secret-1");
  const { url } = await platform.serve();
  const password = `Basic ${btoa("alice:secret-1")}`;
  const opened = await fetch(`${url}/v1/admin/session`, {
    method: "POST",
    headers: { Authorization: password },
  });
  const { token } = await opened.json();
  const streams = await Promise.all(
    [password, `Bearer ${token}`].map((each) =>
      fetch(`${url}/v1/admin/events`, { headers: { Authorization: each } })
    ),
  );
  await platform.must("manage", "operator", "disable", "alice");
  await platform.must("manage", "operator", "enable", "alice");
  const enabledAt = Date.now();
  for (const stream of streams) await stream.text();
  assert.ok(Date.now() - enabledAt < 3_000);
  assert.equal(await statusOf(url, "/v1/admin/tenants", `Bearer ${token}`), 401);
  assert.equal(await statusOf(url, "/v1/admin/tenants", password), 200);
});

Deno.test("tokens and old passwords are in a backup, and work on what was restored", () =>
  withCustomer(async ({ platform, url }) => {
    const headers = { Authorization: basic(PASSWORD) };
    const created = await fetch(`${url}/v1/tokens`, {
      method: "POST",
      headers,
      body: '{"name":"ci"}',
    });
    const { token } = await created.json();
    const passwd = ["manage", "tenant", "passwd", "customer-1", "-p", "password-9"];
    await platform.must(...passwd, "--grace", "1h");
    const dir = join(platform.dir, "backup");
    await platform.must("manage", "backup", dir);
    const data = join(platform.dir, "restored");
    assert.equal((await run(["manage", "restore", dir, "--data", data])).code, 0);
    assert.equal(modeOf(join(data, "credentials/tenants/customer-1.json")), 0o600);
    const serve = platform.own(new Running(["serve", "--listen", "127.0.0.1:0", "--data", data]));
    const restored = (await serve.line(/^listening on /)).replace("listening on ", "").trim();
    const all = [`Bearer ${token}`, basic(PASSWORD), basic("password-9")];
    const statuses = await Promise.all(all.map((each) => statusOf(restored, "/v1/usage", each)));
    assert.deepEqual(statuses, [200, 200, 200]);

    const path = join(data, "credentials/tenants/customer-1.json");
    Deno.writeTextFileSync(path, "{}");
    const doctor = await run(["manage", "doctor", "--data", data, "--json"]);
    const finding = doctor.stdout.split("\n").find((line) => line.includes('"check":"tokens"')) ??
      "";
    assert.match(finding, /"state":"failed".*customer-1\.json/);
    Deno.chmodSync(join(data, "credentials"), 0o755);
    const open = await run(["manage", "doctor", "--data", data]);
    assert.match(open.stdout, /other users can access .*credentials/);
  }));
