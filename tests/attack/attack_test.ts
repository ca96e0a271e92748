import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { keepAll } from "../harness/modules.ts";
import { childrenOf, type Result, type Running } from "../harness/process.ts";
import { Arena, CANARIES, together } from "./arena.ts";
import { type Attack, ATTACKS } from "./expectations.ts";

const AT_ONCE = 4;
/** Steps that run side by side share what the sanitizers look at. */
const SIDE_BY_SIDE = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

const tenantOf = (attack: Attack) => attack.module.replaceAll("_", "-");

Deno.test("every module has its row in the table of expectations, and there are enough", () => {
  const modules = readdirSync(new URL("./modules/", import.meta.url));
  const rows = ATTACKS.map(({ module }) => `${module}.ts`);
  assert.deepEqual(rows.toSorted(), modules.toSorted());
  assert.ok(new Set(rows).size === rows.length && rows.length >= 60);
});

Deno.test("every attack ends in a named refusal or kill, and the good tenant's files go in", async (t) => {
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
  const flowed = await good.stop();
  await t.step("the good tenant's files went in all the time", () => {
    assert.ok(flowed >= ATTACKS.length / 4, `only ${flowed} files`);
    assert.equal(platform.count("good", "items"), flowed);
  });
  await t.step(
    "nothing of a module is left for its next file, nor for another tenant",
    async () => {
      const attack = ATTACKS.find(({ module }) => module === "state_between_files")!;
      await check(arena, attack, manage, { name: "second.csv" });
      assert.equal((await arena.deploy(attack, "twin")).code, 0);
      await check(arena, attack, manage, { tenant: "twin" });
    },
  );
  await t.step("no attacker has a row, a table or a log line of more than its own", async () => {
    for (const { tenant, state, rows } of await platform.files()) {
      if (tenant === "good" || state === "ingested") continue;
      assert.equal(rows.written, 0);
    }
    const told = manage.records().filter(({ event }) => event === "module.log");
    for (const { text } of told) assert.doesNotMatch(String(text), /^GOT/);
    const lines = Map.groupBy(told, ({ tenant }) => tenant);
    for (const [tenant, all] of lines) assert.ok(all.length <= 200, `${tenant}: ${all.length}`);
    for (const { text } of told) assert.ok(String(text).length <= 2_000);
  });
  assert.equal((await manage.stop()).code, 0);
  await t.step("the host is unharmed: its files are as they were", async () => {
    assert.equal(JSON.parse(await Deno.readTextFile(arena.canaryFile)).secret, CANARIES.file);
    assert.deepEqual(childrenOf(manage.pid), []);
  });
  await t.step("no secret of the host is in anything that was said, kept or stored", async () => {
    const said = [...arena.said, manage.stdout.text, manage.stderr.text];
    const kept = await platform.files();
    for (const { id, reason } of kept) {
      said.push(JSON.stringify(reason), JSON.stringify(await platform.rejects(id)));
    }
    for (const text of said) {
      for (const [what, canary] of Object.entries(CANARIES)) {
        assert.ok(!text.includes(canary), `the canary of the ${what} got out`);
      }
    }
  });
});

function checkRefused(says: RegExp, { code, stderr }: Result): void {
  assert.ok(code === 1 || code === 2, `${code}: ${stderr}`);
  assert.match(stderr, says);
  assert.doesNotMatch(stderr, /^\s+at /m, "no stack of ours is shown");
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
  const told = `${JSON.stringify(file.reason)} ${JSON.stringify(file.rows)}`;
  const rejects = await platform.rejects(file.id);
  for (const { reason } of rejects) assert.doesNotMatch(reason, /^GOT/);
  if (end.at === "file") {
    assert.match(file.state, /^(quarantined|rejected)$/, told);
    assert.match(file.reason?.code ?? "", end.code, `${told} ${manage.transcript()}`);
  } else if (end.at === "record") {
    assert.equal(file.state, "ingested", told);
    assert.deepEqual([file.rows.rejected, rejects.length], [10, 10], told);
    for (const { reason } of rejects) assert.match(reason, end.says);
  } else if (end.at === "nothing") {
    assert.equal(file.state, "ingested", told);
    assert.equal(platform.count(tenant, "items"), end.rows);
  }
}

/** A tenant that sends one file after the other while the others attack. */
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

  /** @returns how many files went in */
  stop(): Promise<number> {
    this.#stopping = true;
    return this.#flow;
  }
}
