import assert from "node:assert/strict";
import fc from "fast-check";
import { createFileIds, fileIdOf, isFileId } from "../../src/data/file_id.ts";
import { checkTenantName, isTenantName } from "../../src/base/tenant_name.ts";
import { Layout } from "../../src/data/layout.ts";

Deno.test("tenant names are strict", () => {
  for (const name of ["a", "customer-1", "0.a_b", "a".repeat(63)]) assert.ok(isTenantName(name));
  const bad = ["", "A", "-a", ".a", "a/b", "..", "a b", "é", "a".repeat(64), "a\n"];
  for (const name of bad) {
    assert.throws(() => checkTenantName(name), { code: "bad-tenant-name" });
  }
});

Deno.test("no tenant name or id leads outside the data directory", () => {
  const layout = new Layout("/data");
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.string(), (tenant, id) => {
    for (const make of [() => layout.constraints(tenant), () => layout.upload(id)]) {
      let path = "";
      try {
        path = make();
      } catch {
        continue;
      }
      assert.match(
        path,
        /^\/data\/(constraints\/[a-z0-9][a-z0-9._-]*\.json|uploads\/[0-9a-z]{26})$/,
      );
    }
  }));
  assert.throws(() => layout.upload("../../etc/passwd"), { code: "bad-file-id" });
  assert.throws(() => layout.file("staging", "..", "x"), { code: "bad-tenant-name" });
});

Deno.test("file ids are ordered by time, and grow even when the clock stands still or goes back", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2 ** 40 }), { minLength: 2, maxLength: 50 }), (times) => {
      let tick = 0;
      const nextId = createFileIds({ now: () => times[tick++] ?? 0 });
      const ids = times.map(() => nextId());
      assert.deepEqual(ids.toSorted(), ids);
      assert.equal(new Set(ids).size, ids.length);
      assert.ok(ids.every(isFileId));
    }),
  );
  const zero = new Uint8Array(10);
  assert.equal(fileIdOf(1469918176385, zero), "01aryz6s410000000000000000");
  assert.ok(fileIdOf(1, zero.fill(255)) < fileIdOf(2, new Uint8Array(10)));
});
