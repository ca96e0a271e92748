import assert from "node:assert/strict";
import { createHash, pbkdf2Sync } from "node:crypto";
import { createAccounts } from "../../src/accounts/accounts.ts";
import { basic, uploadWhole, withApp } from "./harness.ts";

/** A hash in the format of the first platform: the salt in hex, then PBKDF2. */
function seedHash(password: string): string {
  const salt = createHash("sha256").update("salt").digest("hex");
  return salt + pbkdf2Sync(password, salt, 100_000, 64, "sha512").toString("hex");
}

Deno.test("an account whose name is not allowed gets a problem that explains it", async () => {
  const folder = await Deno.makeTempDir();
  const usersPath = `${folder}/users.json`;
  await Deno.writeTextFile(usersPath, JSON.stringify({ "Customer-1": seedHash("password-1") }));
  const accounts = createAccounts({ usersPath });
  await withApp(async ({ app, send }) => {
    const headers = { Authorization: basic("Customer-1", "password-1") };
    for (const [method, path] of [["GET", "/v1/constraints"], ["POST", "/v1/session"]] as const) {
      const refused = await send(path, { method, headers });
      assert.equal(refused.status, 403);
      const problem = await refused.json();
      assert.equal(problem.type, "urn:mysimbdp:problem:bad-account-name");
      assert.match(problem.detail, /Cannot sign in as "Customer-1"/);
      assert.match(problem.hint, /rename/);
    }
    const page = await app.request("/sign-in", {
      method: "POST",
      headers: { "Sec-Fetch-Site": "same-origin" },
      body: new URLSearchParams({ user: "Customer-1", password: "password-1" }),
    });
    assert.equal(page.status, 403);
    assert.equal(page.headers.get("Set-Cookie"), null);
    assert.match(await page.text(), /a tenant cannot have this name/);
  }, { app: { accounts } });
  await accounts.settled();
  accounts.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("users.json decides who can upload, and the token of a session replaces the password", async () => {
  const folder = await Deno.makeTempDir();
  const usersPath = `${folder}/users.json`;
  await Deno.writeTextFile(usersPath, JSON.stringify({ "customer-1": seedHash("password-1") }));
  const accounts = createAccounts({ usersPath });
  await withApp(async (harness) => {
    const { send } = harness;
    const ask = (authorization: string) =>
      send("/v1/constraints", { headers: { Authorization: authorization } });
    assert.equal((await ask(basic("customer-1", "password-1"))).status, 200);
    assert.equal((await ask(basic("customer-1", "password-2"))).status, 401);
    assert.equal((await ask(basic("nobody", "password-1"))).status, 401);
    assert.equal((await uploadWhole(harness, "a.csv", "x")).status, 401);

    const headers = { Authorization: basic("customer-1", "password-1") };
    const { token } = await (await send("/v1/session", { method: "POST", headers })).json();
    assert.equal((await ask(`Bearer ${token}`)).status, 200);
    const closed = await send("/v1/session", {
      method: "DELETE",
      headers: { Authorization: `Bearer ${token}` },
    });
    assert.equal(closed.status, 204);
    assert.equal((await ask(`Bearer ${token}`)).status, 401);
  }, { app: { accounts } });
  await accounts.settled();
  accounts.close();
  await Deno.remove(folder, { recursive: true });
});
