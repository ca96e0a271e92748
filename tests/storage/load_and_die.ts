/**
 * Loads files into `DATA` one after another until it is killed: `load_and_die.ts DATA FIRST [replace]`.
 * Prints the number of each file after its commit. With `replace` the files are versions of one, and
 * share half of their keys with the version before.
 */
import { openSqliteStorage } from "../../src/storage/sqlite/storage.ts";
import { acquireManageLock } from "../../src/storage/sqlite/manage_lock.ts";
import { range, READINGS, readings, receiptFor } from "../contracts/storage_fixtures.ts";

const [dataDir = "", first = "0", mode = "add"] = Deno.args;
const isReplacing = mode === "replace";
acquireManageLock(dataDir);
const storage = openSqliteStorage(dataDir);
await storage.ensureKeyspace("customer-1");
await storage.ensureTables("customer-1", [READINGS]);
for (let file = Number(first);; file++) {
  const options = isReplacing ? { replaces: { name: "s.csv", version: file } } : {};
  const load = await storage.begin("customer-1", `f${file}`, [READINGS], options);
  for (let batch = 0; batch < 10; batch++) {
    const from = batch * 100 + (isReplacing ? file * 500 : 0);
    const station = isReplacing ? "all" : `f${file}`;
    await load.write(readings(station, range(from, from + 100), `f${file}`.padEnd(50)));
  }
  await load.commit(receiptFor(1_000));
  console.log(file);
}
