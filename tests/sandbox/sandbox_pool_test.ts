import assert from "node:assert/strict";
import { SandboxPool } from "../../src/sandbox/host/sandbox_pool.ts";

Deno.test("a spare is used once, and the next one is another process", async () => {
  const pool = new SandboxPool(true);
  pool.refill();
  const first = pool.take();
  pool.refill();
  const second = pool.take();
  assert.notEqual(first.pid, second.pid);
  await first.close();
  await second.close();
  await pool.close();
});

Deno.test("a pool without spares starts each sandbox when it is taken", async () => {
  const pool = new SandboxPool(false);
  pool.refill();
  const sandbox = pool.take();
  assert.ok(sandbox.pid > 0);
  await sandbox.close();
  await pool.close();
});
