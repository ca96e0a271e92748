import assert from "node:assert/strict";
import type { Client } from "cassandra-driver";
import { TenantClients } from "../../src/storage/cassandra/tenant_clients.ts";
import { ManualClock, settled } from "../harness/manual_clock.ts";

const MINUTE = 60_000;

/** A pool of clients that only count how often they log in and are closed. */
function pool(maxClients = 3) {
  const clock = new ManualClock();
  const logins: string[] = [];
  const closed: string[] = [];
  const failing = new Set<string>();
  const clients = new TenantClients({
    clock,
    maxClients,
    idleMs: MINUTE,
    open(role) {
      const client = {
        connect() {
          logins.push(role);
          return failing.has(role)
            ? Promise.reject(Object.assign(new Error("refused"), { code: "ECONNREFUSED" }))
            : Promise.resolve();
        },
        shutdown() {
          closed.push(role);
          return Promise.resolve();
        },
      };
      return Promise.resolve(client as unknown as Client);
    },
  });
  /** Borrows a client and gives it back. */
  const use = async (role: string) => await (await clients.borrow(role)).giveBack(false);
  return { clients, clock, logins, closed, failing, use };
}

Deno.test("tenant clients: one login for all loads of a tenant, also at the same time", async () => {
  const { clients, logins, closed } = pool();
  const [first, second] = await Promise.all([clients.borrow("a"), clients.borrow("a")]);
  assert.equal(first.client, second.client);
  assert.deepEqual([first.isNew, second.isNew], [true, false]);
  await first.giveBack(false);
  await second.giveBack(false);
  await (await clients.borrow("a")).giveBack(false);
  assert.deepEqual([logins, closed], [["a"], []]);
  await clients.close();
  assert.deepEqual(closed, ["a"]);
  await assert.rejects(clients.borrow("a"), { code: "storage-closed" });
});

Deno.test("tenant clients: the one that was used longest ago is closed, never one in use", async () => {
  const { clients, logins, closed, use } = pool(2);
  const busy = await clients.borrow("a");
  for (const role of ["b", "c", "b", "d"]) await use(role);
  assert.deepEqual(closed, ["b", "c", "b"]);
  const others = [await clients.borrow("e"), await clients.borrow("f")];
  assert.deepEqual(closed, ["b", "c", "b", "d"]);
  for (const each of [busy, ...others]) await each.giveBack(false);
  await use("a");
  assert.deepEqual(logins, ["a", "b", "c", "b", "d", "e", "f", "a"]);
  await clients.close();
});

Deno.test("tenant clients: closed after a time without use", async () => {
  const { clients, clock, closed, use } = pool();
  const busy = await clients.borrow("a");
  await use("b");
  await clock.pass(MINUTE);
  assert.deepEqual(closed, ["b"]);
  await busy.giveBack(false);
  await clock.pass(MINUTE);
  assert.deepEqual(closed, ["b", "a"]);
  assert.equal(clock.sleeping, 0);
  await use("a");
  assert.equal(clock.sleeping, 1);
  await clients.close();
  assert.equal(clock.sleeping, 0);
});

Deno.test("tenant clients: one that failed is lent to nobody else", async () => {
  const { clients, logins, closed } = pool();
  const [first, second] = [await clients.borrow("a"), await clients.borrow("a")];
  await first.giveBack(true);
  const fresh = await clients.borrow("a");
  assert.equal(fresh.isNew, true);
  assert.deepEqual(closed, []);
  await second.giveBack(true);
  assert.deepEqual(closed, ["a"]);
  const again = await clients.borrow("a");
  assert.equal(again.client, fresh.client);
  for (const each of [fresh, again]) await each.giveBack(false);
  assert.deepEqual(logins, ["a", "a"]);
  await clients.close();
});

Deno.test("tenant clients: a login that fails is tried again at the next load", async () => {
  const { clients, logins, failing } = pool();
  failing.add("a");
  const both = [clients.borrow("a"), clients.borrow("a")];
  for (const each of both) await assert.rejects(each, { kind: "storage" });
  failing.clear();
  await (await clients.borrow("a")).giveBack(false);
  assert.deepEqual(logins, ["a", "a"]);
  await clients.close();
  await settled();
});
