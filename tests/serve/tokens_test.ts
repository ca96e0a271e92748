import assert from "node:assert/strict";
import { UsersFile } from "../../src/accounts/users.ts";
import { hashPassword } from "../../src/accounts/password_hash.ts";
import type { NewToken, NewTokenRequest } from "../../src/protocol/tokens.ts";
import { basic, type Harness, problemCode, withApp } from "./harness.ts";

const PASSWORDS = { "customer-1": "password-1", "customer-2": "password-2" };
const password = { Authorization: basic("customer-1", "password-1") };
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

const withTokens = (test: (harness: Harness) => Promise<void>) =>
  withApp(test, { passwords: PASSWORDS });

function ask({ send }: Harness, body: unknown, headers: HeadersInit = password): Promise<Response> {
  return send("/v1/tokens", { method: "POST", headers, body: JSON.stringify(body) });
}

async function create(harness: Harness, more: Partial<NewTokenRequest> = {}): Promise<NewToken> {
  const response = await ask(harness, { name: "nightly", ...more });
  assert.equal(response.status, 201);
  return await response.json();
}

const statusOf = async ({ send }: Harness, token: string, path = "/v1/constraints") =>
  (await send(path, { headers: bearer(token) })).status;

Deno.test("a token is created with the password, shown once, stored as a hash, listed and revoked", () =>
  withTokens(async (harness) => {
    const { send, dataDir, events } = harness;
    const created = await create(harness, { expiresInDays: 3 });
    const { token, ...view } = created;
    assert.match(token, /^mbdp_customer-1\.[A-Za-z0-9_-]{43}$/);
    const days = (Date.parse(view.expiresAt) - Date.parse(view.createdAt)) / 86_400_000;
    assert.deepEqual([view.name, view.scope, days, view.lastUsedAt], ["nightly", "send", 3, null]);
    assert.equal(await statusOf(harness, token), 200);

    const listed = await (await send("/v1/tokens", { headers: password })).json();
    assert.deepEqual(listed, { tokens: [view] });
    const path = `${dataDir}/credentials/tenants/customer-1.json`;
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
    assert.ok(!Deno.readTextFileSync(path).includes(token.split(".")[1] ?? ""));

    const others = { Authorization: basic("customer-2", "password-2") };
    const foreign = await send(`/v1/tokens/${view.id}`, { method: "DELETE", headers: others });
    assert.equal(await problemCode(foreign), "no-such-token");
    const revoked = await send(`/v1/tokens/${view.id}`, { method: "DELETE", headers: password });
    assert.equal(revoked.status, 204);
    const refused = await send("/v1/constraints", { headers: bearer(token) });
    assert.equal(refused.status, 401);
    assert.match((await refused.json()).detail, /unknown or was revoked/);
    assert.deepEqual(
      events.flatMap((event) => "tokenId" in event ? [[event.kind, event.tenant]] : []),
      [["token.created", "customer-1"], ["token.revoked", "customer-1"]],
    );
    assert.ok(!JSON.stringify(events).includes(token));
  }));

Deno.test("the scope decides: send, or module as well, but never sessions and tokens", () =>
  withTokens(async (harness) => {
    const { send } = harness;
    const sends = (await create(harness)).token;
    const both = (await create(harness, { scope: "send,module" })).token;
    const routes: [string, string, "send" | "module" | "account"][] = [
      ["GET", "/v1/constraints", "send"],
      ["GET", "/v1/usage", "send"],
      ["GET", "/v1/files", "send"],
      ["GET", "/v1/uploads", "send"],
      ["POST", "/v1/batches", "send"],
      ["GET", "/v1/module", "module"],
      ["PUT", "/v1/module", "module"],
      ["GET", "/v1/module/log", "module"],
      ["POST", "/v1/module/v1-00000000/test-run", "module"],
      ["GET", "/v1/tokens", "account"],
      ["POST", "/v1/tokens", "account"],
      ["POST", "/v1/session", "account"],
      ["DELETE", "/v1/session", "account"],
    ];
    for (const [method, path, scope] of routes) {
      for (const [token, scopes] of [[sends, ["send"]], [both, ["send", "module"]]] as const) {
        const body = method === "GET" ? undefined : '{"name":"more"}';
        const response = await send(path, { method, headers: bearer(token), body });
        const isAllowed = (scopes as readonly string[]).includes(scope);
        assert.equal(response.status === 403, !isAllowed, `${method} ${path} ${scopes}`);
        if (isAllowed) continue;
        const problem = await response.json();
        assert.equal(problem.type, "urn:mysimbdp:problem:insufficient-scope");
        assert.equal(problem.details.scope, scope);
        const challenge = response.headers.get("WWW-Authenticate") ?? "";
        assert.match(challenge, new RegExp(`error="insufficient_scope", scope="${scope}"`));
      }
    }
    const { token: session } =
      await (await send("/v1/session", { method: "POST", headers: password }))
        .json();
    const refused = await ask(harness, { name: "more" }, bearer(session));
    assert.equal(await problemCode(refused), "insufficient-scope");
    assert.equal((await send("/v1/tokens", { headers: bearer(session) })).status, 200);
    assert.equal(await statusOf(harness, both, "/v1/admin/tenants"), 401);
  }));

Deno.test("a token can revoke itself, but no other", () =>
  withTokens(async (harness) => {
    const [one, other] = [await create(harness), await create(harness)];
    const drop = (id: string) =>
      harness.send(`/v1/tokens/${id}`, { method: "DELETE", headers: bearer(one.token) });
    assert.equal(await problemCode(await drop(other.id)), "insufficient-scope");
    assert.equal((await drop(one.id)).status, 204);
    assert.equal(await statusOf(harness, one.token), 401);
    assert.equal(await statusOf(harness, other.token), 200);
  }));

Deno.test("what a token can be is limited: 100 for an account, a year, a name that can be seen", () =>
  withTokens(async (harness) => {
    const faulty = [
      { name: "" },
      { name: "a\u0000b" },
      { name: "a\u202eb" },
      { name: "\u3164" },
      { name: "x".repeat(101) },
      { name: "a", scope: "module" },
      { name: "a", expiresInDays: 0 },
      { name: "a", expiresInDays: 367 },
      { name: "a", admin: true },
    ];
    for (const body of faulty) {
      assert.equal(
        await problemCode(await ask(harness, body)),
        "bad-request",
        JSON.stringify(body),
      );
    }
    const path = `${harness.dataDir}/users.json`;
    const sample = await create(harness);
    await new UsersFile(path).changeCredentials("customer-1", (credentials) => ({
      ...credentials,
      tokens: Array.from({ length: 100 }, (_, n) => ({
        ...credentials.tokens[0]!,
        id: `id-${n}`,
        expiresAt: n === 0 ? new Date(Date.now() - 1000).toISOString() : sample.expiresAt,
      })),
    }));
    await create(harness);
    assert.equal(await problemCode(await ask(harness, { name: "more" })), "too-many-tokens");
  }));

Deno.test("an expired token gets 401 that says when it expired", () =>
  withTokens(async (harness) => {
    const { token } = await create(harness);
    const expiresAt = new Date(Date.now() - 60_000).toISOString();
    const users = new UsersFile(`${harness.dataDir}/users.json`);
    await users.changeCredentials("customer-1", (now) => ({
      ...now,
      tokens: now.tokens.map((each) => ({ ...each, expiresAt })),
    }));
    const refused = await harness.send("/v1/constraints", { headers: bearer(token) });
    assert.equal(refused.status, 401);
    assert.match((await refused.json()).detail, new RegExp(`expired at ${expiresAt}`));
  }));

Deno.test("a stream of events ends when the token with which it was opened expires", () =>
  withTokens(async (harness) => {
    const { token } = await create(harness);
    const expiry = Date.now() + 1500;
    const users = new UsersFile(`${harness.dataDir}/users.json`);
    await users.changeCredentials("customer-1", (now) => ({
      ...now,
      tokens: now.tokens.map((each) => ({ ...each, expiresAt: new Date(expiry).toISOString() })),
    }));
    const ended = await (await streamEnd(harness, bearer(token)))();
    assert.ok(ended >= expiry && ended - expiry < 3000, `${ended - expiry} ms`);
  }));

Deno.test("a faulty file of tokens keeps nobody out who has the password, and is reported", () =>
  withTokens(async (harness) => {
    const { send, dataDir } = harness;
    await create(harness);
    await Deno.writeTextFile(`${dataDir}/credentials/tenants/customer-1.json`, "{");
    assert.equal((await send("/v1/constraints", { headers: password })).status, 200);
    const refused = await ask(harness, { name: "more" });
    assert.equal(refused.status, 503);
    assert.equal(await problemCode(refused), "tokens-unreadable");
  }));

/** Opens a stream of events and returns a promise of the time at which it ended, in milliseconds. */
async function streamEnd({ send }: Harness, headers: HeadersInit): Promise<() => Promise<number>> {
  const response = await send("/v1/events", { headers });
  assert.equal(response.status, 200);
  const ended = response.text().then(() => Date.now());
  return async () => await ended;
}

Deno.test("streams of events end at disable, password change and revocation, however they were opened", () =>
  withTokens(async (harness) => {
    const { send, dataDir } = harness;
    const users = new UsersFile(`${dataDir}/users.json`);
    const { token: session } =
      await (await send("/v1/session", { method: "POST", headers: password }))
        .json();
    const { token, id } = await create(harness);
    const withToken = await streamEnd(harness, bearer(token));
    const withSession = await streamEnd(harness, bearer(session));
    const withPassword = await streamEnd(harness, password);

    await users.changeCredentials("customer-1", (now) => ({
      ...now,
      tokens: now.tokens.filter((each) => each.id !== id),
    }));
    const revokedAt = Date.now();
    assert.ok(await withToken() - revokedAt < 3000);

    await users.setHash("customer-1", await hashPassword("password-9"));
    const changedAt = Date.now();
    assert.ok(await withSession() - changedAt < 3000);
    assert.ok(await withPassword() - changedAt < 3000);

    const renewed = { Authorization: basic("customer-1", "password-9") };
    const last = await streamEnd(harness, renewed);
    await users.setEnabled("customer-1", false);
    const disabledAt = Date.now();
    assert.ok(await last() - disabledAt < 3000);
  }));

Deno.test("an operator lists and revokes a tenant's tokens, which is audited", () =>
  withTokens(async (harness) => {
    const { send, dataDir } = harness;
    const [one, other] = [await create(harness), await create(harness, { name: "other" })];
    const operate = (method: string, path: string) =>
      send(`/v1/admin/tenants/customer-1/tokens${path}`, { method, as: "admin" });
    const listed = await (await operate("GET", "")).json();
    assert.deepEqual(listed.tokens.map(({ name }: { name: string }) => name), ["other", "nightly"]);
    assert.ok(!JSON.stringify(listed).includes("sha256"));
    assert.equal((await operate("DELETE", `/${one.id}`)).status, 204);
    assert.equal(await problemCode(await operate("DELETE", `/${one.id}`)), "no-such-token");
    assert.deepEqual(
      [await statusOf(harness, one.token), await statusOf(harness, other.token)],
      [401, 200],
    );
    assert.equal((await operate("DELETE", "")).status, 204);
    assert.equal(await statusOf(harness, other.token), 401);
    const audit = Deno.readTextFileSync(`${dataDir}/audit.log`).trim().split("\n")
      .map((line) => JSON.parse(line))
      .map(({ action, subject, details, outcome }) => [action, subject, details.token, outcome]);
    assert.deepEqual(audit, [
      ["token.revoke", "customer-1", one.id, "done"],
      ["token.revoke", "customer-1", one.id, "no-such-token"],
      ["token.revoke", "customer-1", "all", "done"],
    ]);
  }));

Deno.test("an operator rotates a password with a period of grace", () =>
  withTokens(async (harness) => {
    const { send } = harness;
    const { token } = await create(harness);
    const set = async (body: unknown) =>
      await send("/v1/admin/tenants/customer-1/password", {
        method: "POST",
        as: "admin",
        body: JSON.stringify(body),
      });
    const login = async (password: string) =>
      (await send("/v1/usage", { headers: { Authorization: basic("customer-1", password) } }))
        .status;
    assert.equal(await problemCode(await set({ graceSeconds: 31 * 86_400 })), "bad-request");
    assert.equal((await set({ password: "password-9", graceSeconds: 2 })).status, 200);
    const shown = await (await send("/v1/admin/tenants/customer-1", { as: "admin" })).json();
    assert.ok(Date.parse(shown.oldPasswordUntil) > Date.now());
    assert.deepEqual([await login("password-1"), await login("password-9")], [200, 200]);
    const stream = await streamEnd(harness, password);
    const endedAt = await stream();
    const until = Date.parse(shown.oldPasswordUntil);
    assert.ok(endedAt >= until && endedAt - until < 3000, "the stream ends with the grace");
    assert.deepEqual([await login("password-1"), await login("password-9")], [401, 200]);
    assert.equal(await statusOf(harness, token), 200);
    assert.equal((await set({ password: "password-10" })).status, 200);
    assert.deepEqual([await login("password-9"), await statusOf(harness, token)], [401, 401]);
  }));
