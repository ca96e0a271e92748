/**
 * Loads rows into `DATA` until the process reaches its limit: `load_until_full.ts DATA`. Prints the
 * failure's code and the stored rows afterwards.
 */
import { Failure } from "../../src/base/failure.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/storage.ts";
import { range, READINGS, readings, receiptFor } from "../contracts/storage_fixtures.ts";

const storage = openSqliteStorage(Deno.args[0] ?? "");
await storage.ensureKeyspace("customer-1");
await storage.ensureTables("customer-1", [READINGS]);
const load = await storage.begin("customer-1", "f1", [READINGS]);
let failure: unknown = null;
try {
  for (let batch = 0; batch < 200; batch++) {
    await load.write(readings(`s${batch}`, range(0, 1_000), "x".repeat(200)));
  }
  await load.commit(receiptFor(200_000));
} catch (error) {
  failure = error;
}
await load.abort();
const small = await storage.begin("customer-1", "f2", [READINGS]);
await small.write(readings("small", [1], "x"));
await small.commit(receiptFor(1));
console.log(JSON.stringify({
  kind: failure instanceof Failure ? failure.kind : String(failure),
  code: failure instanceof Failure ? failure.code : null,
  rows: await storage.countRows("customer-1"),
}));
await storage.close();
