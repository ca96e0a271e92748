import assert from "node:assert/strict";
import { HashPool } from "../../src/accounts/hash_pool.ts";
import { SEED_USERS } from "./samples.ts";

const STORED = SEED_USERS["customer-1"];

Deno.test("the pool hashes and verifies in its workers", async () => {
  const pool = new HashPool();
  try {
    const hash = await pool.hash("password-1");
    assert.deepEqual(
      await Promise.all([
        pool.verify("password-1", hash),
        pool.verify("password-2", hash),
        pool.verify("password-1", STORED, [hash]),
        pool.verify("password-2", STORED, [hash]),
      ]),
      [true, false, true, false],
    );
    await assert.rejects(pool.hash(""), { code: "bad-password", kind: "usage" });
  } finally {
    pool.close();
  }
});

Deno.test("requests beyond the queue are refused, and the accepted ones are answered", async () => {
  const pool = new HashPool({ workers: 1, maxPerParty: 3 });
  try {
    const jobs = Array.from({ length: 20 }, () => pool.verify("password-1", STORED));
    const results = await Promise.allSettled(jobs);
    const refused = results.filter((result) => result.status === "rejected");
    // One is running, three are waiting.
    assert.equal(refused.length, 16);
    for (const { reason } of refused) assert.equal(reason.code, "too-busy");
    for (const result of results) {
      if (result.status === "fulfilled") assert.equal(result.value, true);
    }
  } finally {
    pool.close();
  }
});

Deno.test("a closed pool rejects waiting jobs and starts no new ones", async () => {
  const pool = new HashPool({ workers: 1 });
  const jobs = [pool.verify("password-1", STORED), pool.verify("password-1", STORED)];
  pool.close();
  for (const job of jobs) await assert.rejects(job, { code: "hash-closed" });
  await assert.rejects(pool.hash("password-1"), { code: "hash-closed" });
});

Deno.test("a worker that ended when idle is replaced by the next job", async () => {
  const pool = new HashPool({ workers: 1, idleMs: 1 });
  try {
    assert.equal(await pool.verify("password-1", STORED), true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(await pool.verify("password-1", STORED), true);
  } finally {
    pool.close();
  }
});
