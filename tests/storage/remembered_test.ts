import assert from "node:assert/strict";
import { Remembered } from "../../src/storage/cassandra/remembered.ts";

Deno.test("remembered: found once for all who ask, again when it has been good for long enough", async () => {
  let now = 0;
  let finds = 0;
  const remembered = new Remembered(() => {
    now += 10;
    return Promise.resolve(++finds);
  }, () => now);
  assert.deepEqual(await Promise.all([remembered.get(), remembered.get()]), [1, 1]);
  now += 199;
  assert.equal(await remembered.get(), 1);
  now += 1;
  assert.equal(await remembered.get(), 2);
});

Deno.test("remembered: who asks while it is being found waits for the same", async () => {
  const found = Promise.withResolvers<string>();
  let finds = 0;
  const remembered = new Remembered(() => {
    finds++;
    return found.promise;
  });
  const both = [remembered.get(), remembered.get()];
  found.resolve("it");
  assert.deepEqual(await Promise.all(both), ["it", "it"]);
  assert.equal(finds, 1);
});

Deno.test("remembered: a failure is returned to all callers and not kept", async () => {
  let finds = 0;
  const remembered = new Remembered(() =>
    ++finds === 1 ? Promise.reject(new Error("away")) : Promise.resolve("back")
  );
  const asked = [remembered.get(), remembered.get()];
  for (const each of asked) await assert.rejects(each, /away/);
  assert.equal(await remembered.get(), "back");
});
