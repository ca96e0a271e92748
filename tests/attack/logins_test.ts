import assert from "node:assert/strict";
import { FromAddress, type LoginAnswer, type Way, WAYS } from "./from_address.ts";
import { staysAwake } from "./awake.ts";
import { Customers, PASSWORD } from "./customers.ts";

const ACCEPTED = [200, 201, 303];

function names(word: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${word}-${i}`);
}

function accepted(answer: LoginAnswer, who: string): void {
  assert.ok(ACCEPTED.includes(answer.status), `${who}: ${JSON.stringify(answer)}`);
}

/** Sends wrong passwords for one account from many addresses, five from each. */
async function attackFrom(url: string, addresses: string[], user: string, way: Way) {
  const answers = await Promise.all(addresses.map(async (address) => {
    using attacker = new FromAddress(url, address);
    return await attacker.fail(Array(5).fill(user), way, 5);
  }));
  return answers.flat();
}

Deno.test("names that do not exist cost nobody else at their address anything", async () => {
  await using customers = await Customers.open("", "t1", "t2", "t3");
  using shared = new FromAddress(customers.server.url, "127.0.0.5");
  for (const way of WAYS) {
    const answers = await shared.fail(names(`nobody-${way.replace(" ", "-")}`, 60), way, 60);
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [401], way);
  }
  accepted(await shared.login("t1", PASSWORD), "a customer behind the same proxy");
  accepted(await shared.login("t1", PASSWORD, "form"), "in the dashboard");
  accepted(await shared.login("admin", customers.password, "operator"), "the operator");

  // Neither before nor after that can anybody see which names exist.
  for (const address of ["127.0.0.5", "127.0.0.6"]) {
    using outsider = new FromAddress(customers.server.url, address);
    const attempts = async (name: string) => {
      const answers: LoginAnswer[] = [];
      for (let i = 0; i < 7; i++) answers.push(await outsider.login(name, `guess-${i}`));
      return answers;
    };
    const [known = [], unknown = []] = await Promise.all(["t2", "nobody-at-all"].map(attempts));
    const statuses = [401, 401, 401, 401, 401, 429, 429];
    for (const answers of [known, unknown]) {
      assert.deepEqual(answers.map(({ status }) => status), statuses, address);
      const waits = answers.slice(5).map(({ retryAfter }) => retryAfter ?? 0);
      assert.ok(waits.every((seconds) => seconds >= 1 && seconds <= 60), waits.join());
    }
    const texts = (answers: LoginAnswer[]) => answers.map(({ text }) => text.replace(/\d+/g, "N"));
    assert.deepEqual(texts(known), texts(unknown));
    const total = (answers: LoginAnswer[]) => answers.reduce((sum, { ms }) => sum + ms, 0);
    const ratio = total(known) / total(unknown);
    assert.ok(ratio > 0.9 && ratio < 1.1, `${total(known)} and ${total(unknown)} ms`);
  }
});

Deno.test("an operator who is attacked from many addresses can sign in everywhere else", async () => {
  await using customers = await Customers.open("", "t1");
  const { url } = customers.server;
  using used = new FromAddress(url, "127.0.0.5");
  using other = new FromAddress(url, "127.0.0.6");
  accepted(await used.login("admin", customers.password, "operator"), "before");
  const addresses = Array.from({ length: 8 }, (_, i) => `127.0.1.${i + 1}`);
  for (const way of ["operator", "form"] as const) {
    await attackFrom(url, addresses, way === "form" ? "t1" : "admin", way);
  }
  for (const way of ["operator", "operator form"] as const) {
    accepted(await used.login("admin", customers.password, way), "from an address used before");
    accepted(await other.login("admin", customers.password, way), "from a new address");
  }
  accepted(await other.login("t1", PASSWORD), "a customer who was attacked");
  using attacker = new FromAddress(url, "127.0.1.1");
  const waiting = await attacker.login("admin", customers.password, "operator");
  assert.equal(waiting.status, 429);
  assert.ok(waiting.retryAfter! >= 1 && waiting.retryAfter! <= 60);
});

Deno.test("an attack from hundreds of addresses locks nobody out where he was before, also after a restart", async () => {
  await using customers = await Customers.open("", "t1");
  using used = new FromAddress(customers.server.url, "127.0.0.5");
  accepted(await used.login("t1", PASSWORD), "before");
  await customers.server.process.stop();
  const { url } = await customers.platform.serve();
  const addresses = Array.from({ length: 150 }, (_, i) => `127.0.2.${i + 1}`);
  await attackFrom(url, addresses, "t1", "basic");
  using again = new FromAddress(url, "127.0.0.5");
  using other = new FromAddress(url, "127.0.0.6");
  accepted(await again.login("t1", PASSWORD), "from an address used before");
  const elsewhere = await other.login("t1", PASSWORD);
  assert.equal(elsewhere.status, 429, "guesses from all addresses are bounded");
  assert.ok(elsewhere.retryAfter! >= 1 && elsewhere.retryAfter! <= 60);
});

Deno.test("guesses behind a shared address lock nobody out who has used it before", async () => {
  const victims = names("v", 13);
  await using customers = await Customers.open("", "t1", ...victims);
  const { url } = customers.server;
  using shared = new FromAddress(url, "127.0.0.5");
  accepted(await shared.login("t1", PASSWORD), "before");
  // Somebody guesses the customer's own password.
  await shared.fail(Array(30).fill("t1"));
  // And those of others, at most five for each: 65 failures of accounts that exist.
  await shared.fail(victims.flatMap((name) => Array(5).fill(name)));
  for (const way of ["basic", "session", "form"] as const) {
    accepted(await shared.login("t1", PASSWORD, way), way);
  }
  assert.equal((await shared.login("v-0", PASSWORD)).status, 429);
  using other = new FromAddress(url, "127.0.0.6");
  accepted(await other.login("v-0", PASSWORD), "from another address");
});

Deno.test("a flood of logins leaves those unharmed who are signed in", async () => {
  const victims = names("v", 10);
  await using customers = await Customers.open("", "t1", ...victims);
  const { url, process } = customers.server;
  using home = new FromAddress(url, "127.0.0.5");
  const opened = await home.login("t1", PASSWORD, "session");
  const { token } = JSON.parse(opened.text);
  accepted(await home.login("t1", PASSWORD), "Basic");
  let sent = 0;
  let slowest = 0;
  const attack = async (stop: AbortSignal) => {
    const addresses = Array.from({ length: 20 }, (_, i) => `127.0.3.${i + 1}`);
    const attackers = addresses.map(async (address) => {
      using attacker = new FromAddress(url, address);
      const worker = async (number: number) => {
        for (let i = 0; !stop.aborted; i++) {
          const name = i % 2 ? `v-${i % 10}` : `nobody-${number}-${i}`;
          await attacker.login(name, `guess-${i}`, WAYS[(number + i) % WAYS.length]);
          sent++;
        }
      };
      await Promise.all(Array.from({ length: 15 }, (_, number) => worker(number)));
    });
    const customer = async () => {
      while (!stop.aborted) {
        const { status, ms } = await home.login("t1", PASSWORD);
        assert.equal(status, 200);
        slowest = Math.max(slowest, ms);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    await Promise.all([...attackers, customer()]);
  };
  await staysAwake({ url, authorization: `Bearer ${token}`, attack, seconds: 10 });
  console.log(`  ${sent} logins of attackers; the slowest request with Basic took ${slowest} ms`);
  assert.ok(sent > 300);
  const log = process.stderr.lines.filter((line) => line.includes("auth.failed"));
  assert.ok(log.length <= 100, `${log.length} lines in the log`);
  assert.ok(!process.stderr.text.includes("nobody-"));
});
