import assert from "node:assert/strict";
import fc from "fast-check";
import { byTurns } from "../../src/staging/turns.ts";

const files = fc.array(fc.record({ tenant: fc.constantFrom("a", "b", "c"), id: fc.nat() }));

Deno.test("tenants take turns, and the files of each keep their order", () => {
  fc.assert(fc.property(files, (files) => {
    const sorted = byTurns(files);
    const of = (tenant: string, list: typeof files) =>
      list.filter((file) => file.tenant === tenant);
    for (const tenant of ["a", "b", "c"]) {
      assert.deepEqual(of(tenant, sorted), of(tenant, files));
      // Before its n-th file come at most n files of each other tenant.
      sorted.forEach((file, place) => {
        if (file.tenant !== tenant) return;
        const own = of(tenant, sorted.slice(0, place)).length;
        for (const other of ["a", "b", "c"]) {
          assert.ok(of(other, sorted.slice(0, place)).length <= own + 1);
        }
      });
    }
    assert.equal(sorted.length, files.length);
  }));
});
