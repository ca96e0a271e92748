import assert from "node:assert/strict";
import { Cached } from "../../src/storage/cassandra/cached.ts";

Deno.test("cached: concurrent readers share one computation, which is repeated when the value expires", async () => {
  let now = 0;
  let computed = 0;
  const cached = new Cached(() => {
    now += 10;
    return Promise.resolve(++computed);
  }, () => now);
  assert.deepEqual(await Promise.all([cached.get(), cached.get()]), [1, 1]);
  now += 199;
  assert.equal(await cached.get(), 1);
  now += 1;
  assert.equal(await cached.get(), 2);
});

Deno.test("cached: a reader during a computation waits for its result", async () => {
  const computation = Promise.withResolvers<string>();
  let computed = 0;
  const cached = new Cached(() => {
    computed++;
    return computation.promise;
  });
  const reads = [cached.get(), cached.get()];
  computation.resolve("it");
  assert.deepEqual(await Promise.all(reads), ["it", "it"]);
  assert.equal(computed, 1);
});

Deno.test("cached: all waiting readers get a failure, which is not kept", async () => {
  let computed = 0;
  const cached = new Cached(() =>
    ++computed === 1 ? Promise.reject(new Error("away")) : Promise.resolve("back")
  );
  const reads = [cached.get(), cached.get()];
  for (const each of reads) await assert.rejects(each, /away/);
  assert.equal(await cached.get(), "back");
});
