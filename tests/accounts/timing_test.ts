import assert from "node:assert/strict";
import process from "node:process";
import { createAccounts } from "../../src/accounts/accounts.ts";
import { HashPool } from "../../src/accounts/hash_pool.ts";
import { hashPassword } from "../../src/accounts/password_hash.ts";
import { parseStoredHash, SEED } from "../../src/accounts/stored_hash.ts";
import type { Clock } from "../../src/base/clock.ts";
import { seedHash, usersFolder } from "./samples.ts";

const USERS = ["unknown", "seed", "argon2", "disabled-seed", "disabled-argon2"];
const FLOOR_MS = 250;
/** Longer than a hash takes on a busy machine. */
const LONG_MS = 4 * FLOOR_MS;

async function usersOfEveryKind(): Promise<Record<string, string>> {
  return {
    "seed": seedHash("right"),
    "argon2": await hashPassword("right"),
    "disabled-seed": "!" + seedHash("right"),
    "disabled-argon2": "!" + await hashPassword("right"),
  };
}

/** The parameters that determine the work of a hash. */
function costOf(stored: string): string {
  const hash = parseStoredHash(stored);
  assert.ok(hash, `"${stored}" is not a hash`);
  return hash.kind === "seed"
    ? `seed ${SEED.rounds} rounds`
    : `argon2id ${hash.memoryKib} KiB, ${hash.passes} passes, ${hash.lanes} lanes`;
}

/** Records the work of each verification, which takes 100 ms of the test's own clock for each hash. */
class RecordingPool extends HashPool {
  readonly work: string[][] = [];
  now = 0;

  override verify(password: string, stored: string, decoys: readonly string[] = []) {
    const costs = [stored, ...decoys].map(costOf).sort();
    this.work.push(costs);
    this.now += 100 * costs.length;
    return super.verify(password, stored, decoys);
  }

  get clock(): Clock {
    return {
      now: () => this.now,
      monotonic: () => this.now,
      sleep: (ms) => {
        this.now += ms;
        return Promise.resolve();
      },
    };
  }
}

async function withAccounts(
  refusalFloorMs: number,
  body: (
    on: { pool: RecordingPool; path: string; refuse: (user: string) => Promise<number> },
  ) => Promise<void>,
): Promise<void> {
  using folder = usersFolder(await usersOfEveryKind());
  const pool = new RecordingPool({ workers: 1 });
  const usersPath = folder.path;
  const accounts = createAccounts({ usersPath, pool, clock: pool.clock, refusalFloorMs });
  let attempts = 0;
  const refuse = async (user: string) => {
    const started = pool.now;
    const answer = await accounts.verify(user, `wrong ${attempts++}`, `192.0.2.${attempts}`);
    // A throttled attempt would be answered without any work.
    assert.deepEqual(answer, { ok: false });
    return pool.now - started;
  };
  try {
    await body({ pool, path: usersPath, refuse });
  } finally {
    accounts.close();
    pool.close();
  }
}

Deno.test("every refusal computes the same hashes for any user and any kind of hash", async () => {
  await withAccounts(0, async ({ pool, path, refuse }) => {
    for (const user of USERS) await refuse(user);
    const both = [costOf(await hashPassword("any")), costOf(seedHash("any"))];
    assert.deepEqual(pool.work, USERS.map(() => both));
    // With no seed hash left, nothing distinguishes users, and no time is spent on one.
    Deno.writeTextFileSync(path, JSON.stringify({ argon2: await hashPassword("right") }));
    pool.work.length = 0;
    for (const user of ["argon2", "unknown"]) await refuse(user);
    assert.deepEqual(pool.work, [[both[0]], [both[0]]]);
  });
});

for (const floor of [0, FLOOR_MS, 4 * FLOOR_MS]) {
  Deno.test(`every refusal takes the same time, with a floor of ${floor} ms`, async () => {
    await withAccounts(floor, async ({ refuse }) => {
      // Two hashes of 100 ms each, or longer.
      for (const user of USERS) assert.equal(await refuse(user), Math.max(200, floor), user);
    });
  });
}

Deno.test("a name that costs no hash any more is refused after the same time as any other", async () => {
  await withAccounts(LONG_MS, async ({ pool, refuse }) => {
    const names = Array.from({ length: 40 }, (_, i) => `unknown-${i}`);
    for (const name of names) assert.equal(await refuse(name), LONG_MS, name);
    assert.ok(pool.work.length < names.length, "all names cost a hash");
    for (const user of USERS) assert.equal(await refuse(user), LONG_MS, user);
  });
});

Deno.test("where nothing is computed, as much time passes as the computation usually takes", async () => {
  await withAccounts(0, async ({ pool, refuse }) => {
    const took: number[] = [];
    for (let i = 0; i < 40; i++) took.push(await refuse(`unknown-${i}`));
    const unhashed = took.slice(pool.work.length);
    assert.ok(unhashed.length > 0 && unhashed.every((ms) => ms > 10), unhashed.join());
  });
});

Deno.test("the hash that hides the kind of account is really computed", async () => {
  const pool = new HashPool({ workers: 1 });
  const stored = await hashPassword("right");
  const costs = async (decoys: string[]) => {
    const before = process.cpuUsage();
    assert.equal(await pool.verify("wrong", stored, decoys), false);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  try {
    await costs([]);
    // Processor time, compared with twenty times the work, so other load makes no difference.
    assert.ok(await costs(Array(20).fill(stored)) > 5 * await costs([]));
  } finally {
    pool.close();
  }
});
