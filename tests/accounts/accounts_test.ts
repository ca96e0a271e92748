import assert from "node:assert/strict";
import {
  type Accounts,
  type AccountsOptions,
  createAccounts,
} from "../../src/accounts/accounts.ts";
import type { TelemetryEvent } from "../../src/telemetry/events.ts";
import { HashPool } from "../../src/accounts/hash_pool.ts";
import { createToken, listTokens } from "../../src/accounts/api_tokens.ts";
import { hashPassword } from "../../src/accounts/password_hash.ts";
import { UsersFile } from "../../src/accounts/users.ts";
import { SEED_USERS, standingClock, usersFolder } from "./samples.ts";

const ADDRESS = "192.0.2.1";
const WRONG = { ok: false };
const TOKEN = { name: "a token", scope: "send", expiresInDays: 90 } as const;

function assertRight(answer: { ok: boolean; tenant?: string }, tenant = "customer-1"): void {
  assert.deepEqual([answer.ok, answer.tenant], [true, tenant]);
}

/** Counts the computed hashes. */
class CountingPool extends HashPool {
  verified = 0;
  hashed = 0;
  override verify(...args: Parameters<HashPool["verify"]>): Promise<boolean> {
    this.verified++;
    return super.verify(...args);
  }
  override hash(password: string): Promise<string> {
    this.hashed++;
    return super.hash(password);
  }
}

/** Accounts with a clock that the test controls; `using` closes them. */
function setUp(users: Record<string, string>, options: Partial<AccountsOptions> = {}) {
  const folder = usersFolder(users);
  const clock = standingClock();
  const pool = new CountingPool();
  const events: TelemetryEvent[] = [];
  const accounts: Accounts = createAccounts({
    usersPath: folder.path,
    clock,
    pool,
    emit: (event) => events.push(event),
    ...options,
  });
  return {
    accounts,
    folder,
    clock,
    pool,
    events,
    users: new UsersFile(folder.path),
    [Symbol.dispose]: () => {
      accounts.close();
      pool.close();
      folder[Symbol.dispose]();
    },
  };
}

Deno.test("right credentials pass, wrong ones and unknown users do not", async () => {
  using t = setUp(SEED_USERS);
  const { accounts } = t;
  assertRight(await accounts.verify("customer-1", "password-1", ADDRESS));
  assert.deepEqual(await accounts.verify("customer-1", "password-2", ADDRESS), WRONG);
  assert.deepEqual(await accounts.verify("customer-2", "", ADDRESS), WRONG);
  assert.deepEqual(await accounts.verify("nobody", "password-1", ADDRESS), WRONG);
  assert.deepEqual(await accounts.verify("__proto__", "password-1", ADDRESS), WRONG);
  await accounts.settled();
});

Deno.test("a login replaces a hash of the first version by argon2id, and the password still works", async () => {
  using t = setUp(SEED_USERS);
  await t.accounts.verify("customer-1", "password-1", ADDRESS);
  await t.accounts.settled();
  const stored = t.folder.read();
  assert.match(stored["customer-1"] ?? "", /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.equal(stored["customer-2"], SEED_USERS["customer-2"]);
  assert.deepEqual(t.events, [{ kind: "auth.rehashed", tenant: "customer-1" }]);
  t.clock.move(600_000);
  assertRight(await t.accounts.verify("customer-1", "password-1", ADDRESS));
  assert.deepEqual([t.pool.verified, t.pool.hashed], [2, 1]);
});

Deno.test("a login succeeds when the file cannot be rewritten", async () => {
  using t = setUp(SEED_USERS);
  // A folder instead of the lock file: nobody can open it for writing, not even root.
  Deno.mkdirSync(`${t.folder.path}.lock`);
  assertRight(await t.accounts.verify("customer-1", "password-1", ADDRESS));
  await t.accounts.settled();
  assert.equal(t.events[0]?.kind, "auth.rehash_failed");
  assert.deepEqual(t.folder.read(), SEED_USERS);
});

Deno.test("verified credentials are remembered for a few minutes, for one address only", async () => {
  using t = setUp({ "customer-1": await hashPassword("password-1") });
  for (let i = 0; i < 100; i++) {
    assertRight(await t.accounts.verify("customer-1", "password-1", ADDRESS));
  }
  assert.equal(t.pool.verified, 1);
  await t.accounts.verify("customer-1", "password-1", "192.0.2.2");
  assert.equal(t.pool.verified, 2);
  t.clock.move(300_000);
  await t.accounts.verify("customer-1", "password-1", ADDRESS);
  assert.equal(t.pool.verified, 3);
});

Deno.test("remembered credentials expire when the hash changes or the account is disabled", async () => {
  using t = setUp({ "customer-1": await hashPassword("password-1") });
  const login = (password: string) => t.accounts.verify("customer-1", password, ADDRESS);
  assertRight(await login("password-1"));
  await t.users.setHash("customer-1", await hashPassword("password-9"));
  assert.deepEqual(await login("password-1"), WRONG);
  assertRight(await login("password-9"));
  await t.users.setEnabled("customer-1", false);
  assert.deepEqual(await login("password-9"), WRONG);
  await t.users.setEnabled("customer-1", true);
  assertRight(await login("password-9"));
});

Deno.test("identical credentials at the same time share one computation", async () => {
  using t = setUp(SEED_USERS);
  const logins = Array.from(
    { length: 50 },
    (_, i) => t.accounts.verify("customer-1", "password-1", i % 2 ? ADDRESS : "192.0.2.2"),
  );
  for (const answer of await Promise.all(logins)) assertRight(answer);
  await t.accounts.settled();
  assert.deepEqual([t.pool.verified, t.pool.hashed], [1, 1]);
});

Deno.test("the sixth attempt within a minute must wait, for known and unknown users and any password", async () => {
  for (const user of ["customer-1", "nobody"]) {
    using t = setUp(SEED_USERS);
    for (let i = 0; i < 5; i++) {
      assert.deepEqual(await t.accounts.verify(user, `guess-${i}`, ADDRESS), WRONG);
    }
    const waiting = { ok: false, retryAfterSeconds: 60 };
    assert.deepEqual(await t.accounts.verify(user, "guess-6", ADDRESS), waiting);
    assert.deepEqual(await t.accounts.verify(user, "password-1", ADDRESS), waiting);
    assert.equal(t.pool.verified, 5);
    assert.deepEqual(t.clock.slept.slice(0, 5), [250, 500, 750, 1250, 2250]);
    t.clock.move(60_000);
    const later = await t.accounts.verify(user, "password-1", ADDRESS);
    assert.equal(later.ok, user === "customer-1");
    await t.accounts.settled();
  }
});

// With and without remembered credentials.
for (const cacheMs of [300_000, 0]) {
  Deno.test(`guesses at a known address: the right password counts, up to a limit, remembered for ${cacheMs} ms`, async () => {
    const users = { "customer-1": await hashPassword("password-1") };
    using t = setUp(users, { cacheMs, throttle: { perKnownPair: 15 } });
    const login = (password: string) => t.accounts.verify("customer-1", password, ADDRESS);
    let guesses = 0;
    const guess = async (count: number) =>
      await Promise.all(Array.from({ length: count }, () => login(`guess-${guesses++}`)));
    assertRight(await login("password-1"));
    const answers = await guess(15);
    assert.deepEqual(answers.slice(0, 5), Array(5).fill(WRONG));
    const waiting = { ok: false, retryAfterSeconds: 60 };
    assert.deepEqual(answers.slice(5), Array(10).fill(waiting));
    assertRight(await login("password-1"));
    // Otherwise anybody there could try any number of passwords.
    await guess(5);
    assert.deepEqual(await login("password-1"), waiting);
    assertRight(await t.accounts.verify("customer-1", "password-1", "192.0.2.2"));
  });
}

Deno.test("a program that keeps sending an old password locks nobody out at its address", async () => {
  using t = setUp({ "customer-1": await hashPassword("password-1") });
  const login = async (password: string) =>
    (await t.accounts.verify("customer-1", password, ADDRESS)).ok;
  assert.equal(await login("password-1"), true);
  for (let i = 0; i < 200; i++) assert.equal(await login("password-0"), false);
  // One for the right password, five that count as failures; all others are known to be wrong.
  assert.equal(t.pool.verified, 6);
  assert.equal(await login("password-1"), true);
});

Deno.test("many failures elsewhere: an account is let in where it was before, and slowed down elsewhere", async () => {
  const throttle = { perName: 4, perNameAtMost: 6 };
  using t = setUp({ "customer-1": await hashPassword("password-1") }, { throttle });
  const login = (address: string, password = "password-1") =>
    t.accounts.verify("customer-1", password, address);
  await login(ADDRESS);
  t.clock.move(300_000);
  for (const address of ["198.51.100.1", "198.51.100.2"]) {
    for (const password of ["guess-1", "guess-2"]) await login(address, password);
  }
  assert.deepEqual(await login("198.51.100.1"), { ok: false, retryAfterSeconds: 60 });
  assertRight(await login("198.51.100.3"));
  for (const address of ["198.51.100.4", "198.51.100.5"]) await login(address, "guess");
  assert.deepEqual(await login("198.51.100.6"), { ok: false, retryAfterSeconds: 60 });
  assertRight(await login(ADDRESS));
});

Deno.test("known addresses survive a restart, in a private file that is not needed", async () => {
  using t = setUp({ "customer-1": await hashPassword("password-1") });
  const knownAddressesPath = `${t.folder.dir}/addresses.json`;
  const throttle = { perNameAtMost: 1 };
  const open = () =>
    createAccounts({
      usersPath: t.folder.path,
      knownAddressesPath,
      clock: t.clock,
      pool: t.pool,
      throttle,
    });
  const first = open();
  await first.verify("customer-1", "password-1", ADDRESS);
  await first.settled();
  first.close();
  assert.equal((Deno.statSync(knownAddressesPath).mode ?? 0) & 0o777, 0o600);
  assert.ok(!Deno.readTextFileSync(knownAddressesPath).includes(ADDRESS));
  const attacked = async () => {
    const accounts = open();
    await accounts.verify("customer-1", "guess", "198.51.100.1");
    const { ok } = await accounts.verify("customer-1", "password-1", ADDRESS);
    accounts.close();
    return ok;
  };
  assert.equal(await attacked(), true);
  for (const damaged of ["", "[]", '{"key":"x","accounts":{}}']) {
    Deno.writeTextFileSync(knownAddressesPath, damaged);
    assert.equal(await attacked(), false, damaged);
  }
});

Deno.test("a flood of unknown names costs a few hashes, and an account beside it nothing", async () => {
  using t = setUp({ "customer-1": await hashPassword("password-1") });
  const names = Array.from({ length: 250 }, (_, i) => `nobody-${i}`);
  const answers = await Promise.all(
    names.map((name) => t.accounts.verify(name, "guess", ADDRESS)),
  );
  // Not the least difference between those that cost a hash and those that do not.
  assert.deepEqual(answers, names.map(() => WRONG));
  assert.equal(t.pool.verified, 10);
  assertRight(await t.accounts.verify("customer-1", "password-1", ADDRESS));
});

Deno.test("a full queue asks to retry and does not count as a failure", async () => {
  using t = setUp(SEED_USERS);
  const pool = new HashPool({ workers: 1, maxPerParty: 1 });
  const accounts = createAccounts({ usersPath: t.folder.path, clock: t.clock, pool });
  try {
    const logins = Array.from(
      { length: 5 },
      (_, i) => accounts.verify("customer-2", `guess-${i}`, ADDRESS),
    );
    const answers = await Promise.all(logins);
    const busy = answers.filter((answer) => !answer.ok && answer.isBusy === true);
    assert.equal(busy.length, 3);
    for (const answer of busy) assert.ok(!answer.ok && answer.retryAfterSeconds === 1);
    assert.equal((await accounts.verify("customer-2", "password-2", ADDRESS)).ok, true);
    await accounts.settled();
  } finally {
    accounts.close();
    pool.close();
  }
});

Deno.test("a session survives hashing again, and ends with the password, the account or the hour", async () => {
  using t = setUp(SEED_USERS);
  await t.accounts.verify("customer-1", "password-1", ADDRESS);
  const open = async () => (await t.accounts.openSession("customer-1")).token;
  const first = await open();
  await t.accounts.settled();
  assert.deepEqual(t.accounts.session(first), { tenant: "customer-1" });
  await t.users.setEnabled("customer-1", false);
  assert.equal(t.accounts.session(first), null);
  await assert.rejects(open(), { code: "no-such-tenant" });
  await t.users.setEnabled("customer-1", true);
  assert.equal(t.accounts.session(first), null);

  const second = await open();
  await t.users.setHash("customer-1", await hashPassword("password-9"));
  assert.equal(t.accounts.session(second), null);

  const third = await open();
  t.clock.move(3_600_000);
  assert.equal(t.accounts.session(third), null);

  const fourth = await open();
  t.accounts.closeSession(fourth);
  assert.equal(t.accounts.session(fourth), null);
});

Deno.test("an account that no tenant can have is reported, and refused after the right password", async () => {
  const hash = await hashPassword("password-1");
  using t = setUp({ "customer-1": hash, "Customer-1": hash });
  assert.deepEqual(t.events, [{ kind: "accounts.invalid_name", names: ["Customer-1"] }]);
  const login = (password: string) => t.accounts.verify("Customer-1", password, ADDRESS);
  assert.deepEqual(await login("guess"), WRONG);
  // The second time the credentials are remembered.
  for (let i = 0; i < 2; i++) {
    await assert.rejects(login("password-1"), { code: "bad-account-name", kind: "auth" });
  }
  assertRight(await t.accounts.verify("customer-1", "password-1", ADDRESS));
  await t.users.add("a.b", hash);
  await t.accounts.verify("a.b", "password-1", ADDRESS);
  assert.equal(t.events.length, 1);
  t.folder.write({ "a.B": hash });
  assert.equal(t.accounts.session("no token"), null);
  await assert.rejects(t.accounts.verify("a.B", "password-1", ADDRESS), {
    code: "bad-account-name",
  });
  assert.deepEqual(t.events.at(-1), { kind: "accounts.invalid_name", names: ["a.B"] });
});

Deno.test("an operator's name can have upper case", async () => {
  using t = setUp({ Alice: await hashPassword("password-1") }, { kind: "operator" });
  const answer = await t.accounts.verify("Alice", "password-1", ADDRESS);
  assertRight(answer, "Alice");
  assert.deepEqual(t.events, []);
});

Deno.test("at the start, an account with a fault does not keep the others out", async () => {
  using t = setUp({ "customer-1": await hashPassword("password-1"), "customer-2": "123" });
  const answer = await t.accounts.verify("customer-1", "password-1", ADDRESS);
  assert.equal(answer.ok, true);
  assert.equal((await t.accounts.verify("customer-2", "123", ADDRESS)).ok, false);
  assert.deepEqual(t.events.map(({ kind }) => kind), ["users.broken"]);
});

Deno.test("a running server keeps its accounts while the file is broken, and reports it once", async () => {
  using t = setUp({ "customer-1": await hashPassword("password-1") });
  const text = Deno.readTextFileSync(t.folder.path);
  Deno.writeTextFileSync(t.folder.path, text.slice(0, -9));
  for (const password of ["password-1", "guess", "password-1"]) {
    const { ok } = await t.accounts.verify("customer-1", password, ADDRESS);
    assert.equal(ok, password === "password-1");
  }
  assert.deepEqual(t.events.map(({ kind }) => kind), ["users.broken"]);
  Deno.removeSync(t.folder.path);
  assert.equal((await t.accounts.verify("customer-1", "password-1", ADDRESS)).ok, true);
  assert.match(JSON.stringify(t.events[1]), /does not exist/);
  Deno.writeTextFileSync(t.folder.path, "{}");
  assert.deepEqual(await t.accounts.verify("customer-1", "password-1", ADDRESS), WRONG);
  Deno.writeTextFileSync(t.folder.path, "[]");
  assert.throws(() => createAccounts({ usersPath: t.folder.path }), { code: "bad-users-file" });
});

Deno.test("a session from before a disable does not work after it, though nobody looked in between", async () => {
  using t = setUp({ "customer-1": await hashPassword("password-1") });
  const { token } = await t.accounts.openSession("customer-1");
  const user = await t.accounts.verify("customer-1", "password-1", ADDRESS);
  const created = await createToken(t.users, "customer-1", TOKEN, t.clock.now());
  assert.ok(t.accounts.session(token) && t.accounts.apiToken(created.token).ok);
  await t.users.setEnabled("customer-1", false);
  await t.users.setEnabled("customer-1", true);
  assert.equal(t.accounts.session(token), null);
  assert.ok(user.ok && !t.accounts.isLive("customer-1", user.generation));
  assert.equal(t.accounts.apiToken(created.token).ok, false);
  assertRight(await t.accounts.verify("customer-1", "password-1", ADDRESS));
});

Deno.test("disabled by hand: a look each second ends sessions and tokens; a command that enables does, too", async () => {
  const hash = await hashPassword("password-1");
  using t = setUp({ "customer-1": hash });
  const open = async () => (await t.accounts.openSession("customer-1")).token;
  const create = () => createToken(t.users, "customer-1", TOKEN, t.clock.now());
  let [session, { token }] = [await open(), await create()];
  t.folder.write({ "customer-1": `!${hash}` });
  assert.equal(t.accounts.apiToken(token).ok, false);
  await t.accounts.refresh();
  t.folder.write({ "customer-1": hash });
  assert.equal(t.accounts.session(session), null);
  assert.equal(t.accounts.apiToken(token).ok, false);

  [session, { token }] = [await open(), await create()];
  t.folder.write({ "customer-1": `!${hash}` });
  await t.users.setEnabled("customer-1", true);
  assert.equal(t.accounts.session(session), null);
  assert.equal(t.accounts.apiToken(token).ok, false);
});

Deno.test("tokens end with the password, also when it is changed by hand or the account is another one", async () => {
  using t = setUp({ "customer-1": await hashPassword("password-1") });
  const create = async () => (await createToken(t.users, "customer-1", TOKEN, t.clock.now())).token;
  const first = await create();
  await t.users.setHash("customer-1", await hashPassword("password-2"));
  assert.equal(t.accounts.apiToken(first).ok, false);
  const second = await create();
  t.folder.write({});
  assert.equal(t.accounts.apiToken(second).ok, false);
  await t.users.add("customer-1", await hashPassword("password-3"));
  assert.equal(t.accounts.apiToken(second).ok, false);
  assert.deepEqual(listTokens(t.users, "customer-1"), []);
});

Deno.test("a token survives hashing the password again, and its last use is stored coarsely", async () => {
  using t = setUp(SEED_USERS);
  const { token } = await createToken(t.users, "customer-1", TOKEN, t.clock.now());
  assertRight(await t.accounts.verify("customer-1", "password-1", ADDRESS));
  await t.accounts.settled();
  assert.match(t.folder.read()["customer-1"] ?? "", /argon2id/);
  t.clock.move(60_000);
  assert.equal(t.accounts.apiToken(token).ok, true);
  await t.accounts.refresh();
  const [listed] = listTokens(t.users, "customer-1");
  assert.equal(listed?.lastUsedAt, new Date(t.clock.now()).toISOString());
  const path = `${t.folder.dir}/credentials/tenants/customer-1.json`;
  const before = Deno.readTextFileSync(path);
  t.clock.move(3_000_000);
  t.accounts.apiToken(token);
  await t.accounts.refresh();
  assert.equal(Deno.readTextFileSync(path), before, "within an hour nothing is written");
  t.clock.move(91 * 86_400_000);
  assert.deepEqual(t.accounts.apiToken(token), { ok: false, expiredAt: listed?.expiresAt ?? "" });
});

Deno.test("in a period of grace both passwords work; then the old one ends with its sessions", async () => {
  using t = setUp({ "customer-1": await hashPassword("password-1") });
  const login = (password: string) => t.accounts.verify("customer-1", password, ADDRESS);
  const open = async (password: string) => {
    const answer = await login(password);
    assert.ok(answer.ok);
    return (await t.accounts.openSession("customer-1", answer.generation)).token;
  };
  const before = await open("password-1");
  const { token } = await createToken(t.users, "customer-1", TOKEN, t.clock.now());
  const until = t.clock.now() + 60_000;
  await t.users.setHash("customer-1", await hashPassword("password-2"), until);
  const [old, renewed] = [await open("password-1"), await open("password-2")];
  assert.deepEqual(await login("guess"), WRONG);
  const alive = () => [before, old, renewed].map((session) => t.accounts.session(session) !== null);
  assert.deepEqual(alive(), [true, true, true]);

  t.clock.move(60_000);
  assert.deepEqual(await login("password-1"), WRONG, "though it was verified a minute ago");
  assertRight(await login("password-2"));
  assert.deepEqual(alive(), [false, false, true]);
  assert.equal(t.accounts.apiToken(token).ok, true);
  const account = t.users.get("customer-1");
  assert.notEqual(t.users.credentials(account).previous, null);
  await t.accounts.refresh();
  assert.equal(t.users.credentials(account).previous, null, "its hash is removed");
  assert.ok(t.accounts.session(renewed) && t.accounts.apiToken(token).ok);
});

Deno.test("a second rotation replaces the old password, a disable and a change without grace end it", async () => {
  using t = setUp({ "customer-1": await hashPassword("password-1") });
  const login = async (password: string) =>
    (await t.accounts.verify("customer-1", password, ADDRESS)).ok;
  const rotate = async (password: string, ms: number | null) =>
    await t.users.setHash(
      "customer-1",
      await hashPassword(password),
      ms === null ? null : t.clock.now() + ms,
    );
  await rotate("password-2", 60_000);
  await rotate("password-3", 60_000);
  assert.deepEqual([await login("password-1"), await login("password-2")], [false, true]);
  await t.users.setEnabled("customer-1", false);
  assert.deepEqual([await login("password-2"), await login("password-3")], [false, false]);
  await t.users.setEnabled("customer-1", true);
  assert.deepEqual([await login("password-2"), await login("password-3")], [false, true]);
  // Wrong passwords are forgotten by then.
  t.clock.move(120_000);
  await rotate("password-4", 60_000);
  await rotate("password-5", null);
  assert.deepEqual([await login("password-4"), await login("password-5")], [false, true]);
});

Deno.test("a running server keeps sessions and tokens while their file is broken, and reports it once", async () => {
  using t = setUp({ "customer-1": await hashPassword("password-1") });
  const { token } = await createToken(t.users, "customer-1", TOKEN, t.clock.now());
  const { token: session } = await t.accounts.openSession("customer-1");
  assert.equal(t.accounts.apiToken(token).ok, true);
  const path = `${t.folder.dir}/credentials/tenants/customer-1.json`;
  Deno.writeTextFileSync(path, "{");
  for (let i = 0; i < 3; i++) {
    assert.ok(t.accounts.apiToken(token).ok && t.accounts.session(session));
    assertRight(await t.accounts.verify("customer-1", "password-1", ADDRESS));
  }
  assert.deepEqual(t.events.map(({ kind }) => kind), ["credentials.broken"]);
  await t.users.setEnabled("customer-1", false);
  await t.users.setEnabled("customer-1", true);
  assert.equal(t.accounts.apiToken(token).ok, false);
  assert.equal(t.accounts.session(session), null);
});

Deno.test("a password that is changed while it is verified does not open anything", async () => {
  using t = setUp({ "customer-1": await hashPassword("password-1") });
  const verify = t.pool.verify.bind(t.pool);
  const [stored, next] = await Promise.all(["password-2", "password-3"].map(hashPassword));
  t.pool.verify = async (...args) => {
    const matches = await verify(...args);
    await t.users.setHash("customer-1", stored ?? "");
    return matches;
  };
  assert.deepEqual(await t.accounts.verify("customer-1", "password-1", ADDRESS), WRONG);
  t.pool.verify = async (...args) => {
    const matches = await verify(...args);
    await t.users.setHash("customer-1", next ?? "", t.clock.now() + 60_000);
    return matches;
  };
  assertRight(await t.accounts.verify("customer-1", "password-2", ADDRESS));
});
