import assert from "node:assert/strict";
import { FairTurns } from "../../src/staging/fair_turns.ts";
import { pause } from "../harness/until.ts";

/** Work that is recorded when it runs, and ends by `endOne`. */
function recorded(turns: FairTurns) {
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const run = (tenant: string) =>
    turns.run(tenant, () => {
      started.push(tenant);
      return new Promise<void>((end) => ends.push(end));
    });
  const endOne = async () => {
    ends.shift()?.();
    await pause(0);
  };
  return { started, run, endOne };
}

Deno.test("a tenant with much work leaves turns for the others", async () => {
  const { started, run, endOne } = recorded(new FairTurns({ total: 3, perTenant: 2 }));
  const all = ["a", "a", "a", "a", "b", "c", "b"].map(run);
  assert.deepEqual(started, ["a", "a", "b"], "one place is never for the same tenant");
  for (let n = 0; n < all.length; n++) await endOne();
  await Promise.all(all);
  assert.deepEqual(started, ["a", "a", "b", "a", "c", "b", "a"]);
});

Deno.test("work beyond what may wait is refused; a failure gives its turn back", async () => {
  const turns = new FairTurns({ total: 1, perTenant: 1, waiting: 1 });
  const { run, endOne } = recorded(turns);
  const running = [run("a"), run("a")];
  await assert.rejects(run("a"), { code: "too-busy" });
  await endOne();
  await endOne();
  await Promise.all(running);
  await assert.rejects(turns.run("a", () => Promise.reject(new Error("disk"))), /disk/);
  assert.equal(await turns.run("a", () => Promise.resolve(1)), 1);
});
