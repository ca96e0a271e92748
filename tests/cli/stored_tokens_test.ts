import assert from "node:assert/strict";
import { join } from "node:path";
import { type FetchFlags, fetchOptions } from "../../src/cli/fetch/options.ts";
import { type StoredToken, StoredTokens } from "../../src/cli/fetch/stored_tokens.ts";
import { FakeIo } from "./fake_io.ts";

const SERVER = "https://intake.example.com";
const STORED: StoredToken = {
  user: "customer-1",
  token: `mbdp_customer-1.${"a".repeat(43)}`,
  id: "1",
  name: "fetch on box",
  scope: "send",
  expiresAt: "2027-01-01T00:00:00.000Z",
};
const GIVEN = `mbdp_customer-2.${"b".repeat(43)}`;

async function withHome(test: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await test(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("flags, then the environment, then the stored token of the same server and user", () =>
  withHome(async (home) => {
    const tokens = new StoredTokens(new FakeIo({ env: { XDG_CONFIG_HOME: home } }));
    await tokens.store(SERVER, STORED);
    const settle = async (flags: FetchFlags, env: Record<string, string> = {}) => {
      const io = new FakeIo({ env: { XDG_CONFIG_HOME: home, ...env } });
      const { user, token } = await fetchOptions({ server: SERVER, ...flags }, io);
      return [user, token?.token ?? null];
    };
    assert.deepEqual(await settle({}), ["customer-1", STORED.token]);
    assert.deepEqual(await settle({ server: `${SERVER}/` }), ["customer-1", STORED.token]);
    assert.deepEqual(await settle({ user: "customer-1" }), ["customer-1", STORED.token]);
    assert.deepEqual(await settle({ user: "customer-3" }), ["customer-3", null]);
    assert.deepEqual(await settle({}, { MYSIMBDP_TOKEN: GIVEN }), ["customer-2", GIVEN]);
    const env = { MYSIMBDP_USER: "customer-1", MYSIMBDP_PASSWORD: "x" };
    assert.deepEqual(await settle({}, env), ["customer-1", null]);
    const flags = { user: "customer-1", password: "x" };
    assert.deepEqual(await settle(flags, { MYSIMBDP_TOKEN: GIVEN }), ["customer-1", null]);
    await assert.rejects(settle({ server: "https://other.example.com" }), { code: "no-user" });
    await assert.rejects(settle({}, { MYSIMBDP_TOKEN: "x" }), { code: "bad-environment" });
  }));

Deno.test("the folder and the file are private; a damaged file is named, and no password needs it", () =>
  withHome(async (home) => {
    const env = { HOME: home };
    const tokens = new StoredTokens(new FakeIo({ env }));
    await Promise.all([
      tokens.store(SERVER, STORED),
      new StoredTokens(new FakeIo({ env })).store("http://127.0.0.1:8080", STORED),
    ]);
    const path = join(home, ".config/mysimbdp/credentials.json");
    assert.equal(tokens.path, path);
    const modeOf = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;
    assert.deepEqual([modeOf(path), modeOf(join(path, ".."))], [0o600, 0o700]);
    assert.equal(Object.keys(JSON.parse(Deno.readTextFileSync(path)).servers).length, 2);
    await tokens.remove(SERVER);
    assert.equal(await tokens.of(SERVER), null);

    Deno.writeTextFileSync(path, `{"servers":{"x":"${STORED.token}"`);
    const damaged = await tokens.of(SERVER).catch((error) => error);
    assert.equal(damaged.code, "stored-tokens");
    assert.ok(damaged.message.includes(path) && !damaged.message.includes(STORED.token));
    const io = new FakeIo({ env });
    const { token } = await fetchOptions({ server: SERVER, user: "u", password: "p" }, io);
    assert.equal(token, null);
  }));

Deno.test("without a home there is no stored token, and none can be stored", async () => {
  const tokens = new StoredTokens(new FakeIo());
  assert.equal(await tokens.of(SERVER), null);
  await assert.rejects(tokens.prepare(), { code: "no-home" });
  const odd = new StoredTokens(new FakeIo({ env: { HOME: "/dev/null" } }));
  assert.equal(await odd.of(SERVER), null);
});
