import assert from "node:assert/strict";
import { isTooOld } from "../../src/storage/cassandra/release.ts";

Deno.test("releases of Cassandra without the indexes of the ledger are too old", () => {
  for (const old of ["3.11.17", "4.0.13", "4.1.9"]) assert.equal(isTooOld(old), true, old);
  for (const fit of ["5.0.0", "5.0.9", "5.1-SNAPSHOT", "6.0-alpha2", "10.0.1"]) {
    assert.equal(isTooOld(fit), false, fit);
  }
});
