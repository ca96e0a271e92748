import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { keepAll } from "../harness/modules.ts";
import { childrenOf, type Result, type Running } from "../harness/process.ts";
import { Arena, CANARIES, together } from "./arena.ts";
import { type Attack, ATTACKS } from "./expectations.ts";

const AT_ONCE = 4;
/** Parallel steps share the state that the sanitizers check. */
const SIDE_BY_SIDE = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

const tenantOf = (attack: Attack) => attack.module.replaceAll("_", "-");

Deno.test("every module has one row in the table of expectations, and there are at least 60", () => {
  const modules = readdirSync(new URL("./modules/", import.meta.url));
  const rows = ATTACKS.map(({ module }) => `${module}.ts`);
  assert.deepEqual(rows.toSorted(), modules.toSorted());
  assert.ok(new Set(rows).size === rows.length && rows.length >= 60);
});

Deno.test("every attack ends with a named refusal or kill, while the good tenant's files are loaded", async (t) => {
  await using arena = await Arena.open();
  const { platform } = arena;
  await platform.deploy("good", keepAll());
  const manage = arena.manage();
  const good = new GoodTenant(arena, manage);
  await together(ATTACKS, AT_ONCE, async (attack) => {
    const fn = async () => {
      const deployed = await arena.deploy(attack, tenantOf(attack));
      if (attack.end.at === "deploy") checkRefused(attack.end.says, deployed);
      else {
        assert.equal(deployed.code, 0, deployed.stderr);
        await check(arena, attack, manage);
      }
      assert.ok(!manage.hasEnded, manage.transcript());
    };
    await t.step({ name: attack.what, ...SIDE_BY_SIDE, fn });
  });
  const loaded = await good.stop();
  await t.step("the good tenant's files were loaded all the time", () => {
    assert.ok(loaded >= ATTACKS.length / 4, `only ${loaded} files`);
    assert.equal(platform.count("good", "items"), loaded);
  });
  await t.step(
    "a module leaves nothing behind for its next file or for another tenant",
    async () => {
      const attack = ATTACKS.find(({ module }) => module === "state_between_files")!;
      await check(arena, attack, manage, { name: "second.csv" });
      assert.equal((await arena.deploy(attack, "twin")).code, 0);
      await check(arena, attack, manage, { tenant: "twin" });
    },
  );
  await t.step("no attacker has rows after a failure or more log lines than allowed", async () => {
    for (const { tenant, state, rows } of await platform.files()) {
      if (tenant === "good" || state === "ingested") continue;
      assert.equal(rows.written, 0);
    }
    const logged = manage.records().filter(({ event }) => event === "module.log");
    for (const { text } of logged) assert.doesNotMatch(String(text), /^GOT/);
    const lines = Map.groupBy(logged, ({ tenant }) => tenant);
    for (const [tenant, all] of lines) assert.ok(all.length <= 200, `${tenant}: ${all.length}`);
    for (const { text } of logged) assert.ok(String(text).length <= 2_000);
  });
  assert.equal((await manage.stop()).code, 0);
  await t.step("the host is unharmed: its files are unchanged", async () => {
    assert.equal(JSON.parse(await Deno.readTextFile(arena.canaryFile)).secret, CANARIES.file);
    assert.deepEqual(childrenOf(manage.pid), []);
  });
  await t.step("no secret of the host was printed, kept or stored", async () => {
    const output = [...arena.output, manage.stdout.text, manage.stderr.text];
    const kept = await platform.files();
    for (const { id, reason } of kept) {
      output.push(JSON.stringify(reason), JSON.stringify(await platform.rejects(id)));
    }
    for (const text of output) {
      for (const [what, canary] of Object.entries(CANARIES)) {
        assert.ok(!text.includes(canary), `the canary of the ${what} leaked`);
      }
    }
  });
});

function checkRefused(says: RegExp, { code, stderr }: Result): void {
  assert.ok(code === 1 || code === 2, `${code}: ${stderr}`);
  assert.match(stderr, says);
  assert.doesNotMatch(stderr, /^\s+at /m, "no stack trace of ours is printed");
}

async function check(
  arena: Arena,
  attack: Attack,
  manage: Running,
  { tenant = tenantOf(attack), name = "attack.csv" } = {},
): Promise<void> {
  const { end } = attack;
  const { platform } = arena;
  const file = await arena.attack(attack, tenant, name);
  const details = `${JSON.stringify(file.reason)} ${JSON.stringify(file.rows)}`;
  const rejects = await platform.rejects(file.id);
  for (const { reason } of rejects) assert.doesNotMatch(reason, /^GOT/);
  if (end.at === "file") {
    assert.match(file.state, /^(quarantined|refused)$/, details);
    assert.match(file.reason?.code ?? "", end.code, `${details} ${manage.transcript()}`);
  } else if (end.at === "record") {
    assert.equal(file.state, "ingested", details);
    assert.deepEqual([file.rows.rejected, rejects.length], [10, 10], details);
    for (const { reason } of rejects) assert.match(reason, end.says);
  } else if (end.at === "nothing") {
    assert.equal(file.state, "ingested", details);
    assert.equal(platform.count(tenant, "items"), end.rows);
  }
}

/** A tenant that sends one file after another while the others attack. */
class GoodTenant {
  readonly #arena: Arena;
  readonly #flow: Promise<number>;
  #stopping = false;

  constructor(arena: Arena, manage: Running) {
    this.#arena = arena;
    this.#flow = this.#send(manage);
    this.#flow.catch(() => {});
  }

  async #send(manage: Running): Promise<number> {
    const { platform } = this.#arena;
    for (let n = 0;; n++) {
      if (this.#stopping || manage.hasEnded) return n;
      await platform.stage("good", `${n}.csv`, `x\n${n}\n`);
      assert.equal((await platform.settled("good", `${n}.csv`)).state, "ingested");
    }
  }

  /** @returns the number of loaded files */
  stop(): Promise<number> {
    this.#stopping = true;
    return this.#flow;
  }
}
