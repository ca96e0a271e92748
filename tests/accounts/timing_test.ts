import assert from "node:assert/strict";
import { createAccounts } from "../../src/accounts/accounts.ts";
import { HashPool } from "../../src/accounts/hash_pool.ts";
import { hashPassword } from "../../src/accounts/password_hash.ts";
import { parseStoredHash } from "../../src/accounts/stored_hash.ts";
import { seedHash, usersFolder } from "./samples.ts";

const ROUNDS = 9;
const USERS = ["unknown", "seed", "argon2", "disabled-seed", "disabled-argon2"];

async function usersOfEveryKind(): Promise<Record<string, string>> {
  return {
    "seed": seedHash("right"),
    "argon2": await hashPassword("right"),
    "disabled-seed": "!" + seedHash("right"),
    "disabled-argon2": "!" + await hashPassword("right"),
  };
}

async function mediansOfRefusals(refusalFloorMs: number): Promise<Map<string, number>> {
  using folder = usersFolder(await usersOfEveryKind());
  const pool = new HashPool({ workers: 1 });
  const accounts = createAccounts({
    usersPath: folder.path,
    pool,
    refusalFloorMs,
    throttle: { perUser: 10 * ROUNDS },
  });
  const times = new Map(USERS.map((user): [string, number[]] => [user, []]));
  try {
    for (let round = -2; round < ROUNDS; round++) {
      // Taking turns, so that a slow moment of the machine meets all of them.
      for (const [place, user] of USERS.entries()) {
        const address = `192.0.${place}.${round + 2}`;
        const started = performance.now();
        const answer = await accounts.verify(user, "wrong", address);
        if (round >= 0) times.get(user)?.push(performance.now() - started);
        // Not throttled: that would take no time at all.
        assert.deepEqual(answer, { ok: false });
      }
    }
  } finally {
    accounts.close();
    pool.close();
  }
  return new Map([...times].map(([user, all]) => {
    const sorted = all.sort((a, b) => a - b);
    return [user, sorted[Math.floor(sorted.length / 2)] ?? NaN];
  }));
}

function assertAlike(medians: Map<string, number>, share: number): void {
  const values = [...medians.values()];
  const ratio = Math.max(...values) / Math.min(...values);
  const shown = [...medians].map(([user, ms]) => `${user} ${ms.toFixed(1)} ms`).join(", ");
  assert.ok(ratio <= 1 + share, `slowest to fastest ${ratio.toFixed(3)}: ${shown}`);
}

Deno.test("the time of a refusal does not tell users and kinds of hashes apart", async () => {
  assertAlike(await mediansOfRefusals(250), 0.1);
});

Deno.test("beneath the common floor, every refusal computes one hash of each kind in use", async () => {
  using folder = usersFolder(await usersOfEveryKind());
  const computed: string[] = [];
  class RecordingPool extends HashPool {
    override verify(password: string, stored: string, decoys: readonly string[] = []) {
      computed.push([stored, ...decoys].map((hash) => parseStoredHash(hash)?.kind).sort().join());
      return super.verify(password, stored, decoys);
    }
  }
  const pool = new RecordingPool();
  const accounts = createAccounts({ usersPath: folder.path, pool, refusalFloorMs: 0 });
  try {
    for (const user of USERS) await accounts.verify(user, "wrong", "192.0.2.1");
    assert.deepEqual(computed, USERS.map(() => "argon2id,seed"));
    // Once no seed hash is left there is nothing to tell apart, and no time to spend on one.
    Deno.writeTextFileSync(folder.path, JSON.stringify({ argon2: await hashPassword("right") }));
    computed.length = 0;
    for (const user of ["argon2", "unknown"]) {
      await accounts.verify(user, "wrong again", "192.0.2.1");
    }
    assert.deepEqual(computed, ["argon2id", "argon2id"]);
  } finally {
    accounts.close();
    pool.close();
  }
});
