import assert from "node:assert/strict";
import { Turns } from "../../src/serve/http/turns.ts";

Deno.test("requests of one caller start one in each pass, and others do not wait for them", async () => {
  const turns = new Turns();
  const started: string[] = [];
  const request = async (caller: string, name: string) => {
    await turns.next(caller);
    started.push(name);
  };
  const many = Array.from({ length: 5 }, (_, n) => request("a", `a${n}`));
  await Promise.resolve();
  assert.deepEqual(started, ["a0"]);
  const others = [request("b", "b0"), request("b", "b1"), request("c", "c0")];
  await Promise.all([...many, ...others]);
  assert.deepEqual(started, ["a0", "b0", "c0", "a1", "b1", "a2", "a3", "a4"]);
  // Nothing is kept of callers who are done.
  await request("a", "later");
  assert.equal(started.at(-1), "later");
});
