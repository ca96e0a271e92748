import assert from "node:assert/strict";
import { readerRole, tenantKeyspace } from "../../src/storage/cassandra/names.ts";
import { parseStorageUrl } from "../../src/storage/cassandra/settings.ts";

Deno.test("the roles of readers differ for all tenants and names, and from all tenants' roles", () => {
  const tenants = ["a", "a-b", "a_b", "a.b", "r-a", "a--b", "a-b-c", "x".repeat(63)];
  const readers = ["a", "b", "b_c", "x".repeat(32)];
  for (const namespace of ["", "blue"]) {
    const names = tenants.flatMap((tenant) => [
      tenantKeyspace(namespace, tenant),
      ...readers.map((reader) => readerRole(namespace, tenant, reader)),
    ]);
    assert.equal(new Set(names).size, tenants.length * (1 + readers.length));
    // Without quotes, Cassandra accepts only these.
    for (const name of names) assert.match(name, /^[a-z][a-z0-9_]+$/);
  }
  assert.equal(readerRole("", "customer-1", "anna"), "r_customer_1__anna");
  assert.equal(readerRole("blue", "customer-1", "anna"), "blue_r_customer_1__anna");
});

Deno.test("a reader's name is refused if a role could not have it, or not uniquely", () => {
  for (const name of ["", "Anna", "1a", "a__b", "a_", "_a", "a-b", 'a"', "x".repeat(33)]) {
    assert.throws(() => readerRole("", "one", name), { code: "bad-reader-name" }, name);
  }
});

Deno.test("a namespace is refused if names with it could be those without one", () => {
  const parse = (namespace: string) =>
    parseStorageUrl(`cassandra://me:secret@h1?datacenter=dc1&namespace=${namespace}`, "").namespace;
  for (const namespace of ["t", "r"]) {
    assert.throws(() => parse(namespace), { code: "bad-storage-url" });
  }
  assert.equal(parse("tr"), "tr");
});
