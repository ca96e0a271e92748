/**
 * Loads files into `DATA` one after another until it is killed: `load_and_die.ts DATA FIRST`.
 * Prints the number of each file after its commit.
 */
import { openSqliteStorage } from "../../src/storage/sqlite/storage.ts";
import { acquireManageLock } from "../../src/storage/sqlite/manage_lock.ts";
import { range, READINGS, readings, receiptFor } from "../contracts/storage_fixtures.ts";

const [dataDir = "", first = "0"] = Deno.args;
acquireManageLock(dataDir);
const storage = openSqliteStorage(dataDir);
await storage.ensureKeyspace("customer-1");
await storage.ensureTables("customer-1", [READINGS]);
for (let file = Number(first);; file++) {
  const load = await storage.begin("customer-1", `f${file}`, [READINGS]);
  for (let batch = 0; batch < 10; batch++) {
    const days = range(batch * 100, batch * 100 + 100);
    await load.write(readings(`f${file}`, days, "x".repeat(50)));
  }
  await load.commit(receiptFor(1_000));
  console.log(file);
}
