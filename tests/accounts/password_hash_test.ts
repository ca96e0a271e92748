import assert from "node:assert/strict";
import {
  hashPassword,
  MAX_PASSWORD_BYTES,
  verifyPassword,
} from "../../src/accounts/password_hash.ts";
import { dummyHash, needsRehash, parseStoredHash } from "../../src/accounts/stored_hash.ts";
import { SEED_USERS } from "./samples.ts";

// Made by the reference implementation with argon2 -id -v 13 -k 19456 -t 2 -p 1.
const FOREIGN_FORM = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/;

Deno.test("hashes of the first version verify their passwords and no others", async () => {
  assert.equal(await verifyPassword("password-1", SEED_USERS["customer-1"]), true);
  assert.equal(await verifyPassword("password-2", SEED_USERS["customer-2"]), true);
  assert.equal(await verifyPassword("password-2", SEED_USERS["customer-1"]), false);
  assert.equal(await verifyPassword("password-1 ", SEED_USERS["customer-1"]), false);
});

Deno.test("a new hash is argon2id in PHC form, salted, and verifies", async () => {
  const [one, two] = await Promise.all([hashPassword("grüße"), hashPassword("grüße")]);
  assert.match(one, FOREIGN_FORM);
  assert.notEqual(one, two);
  assert.equal(await verifyPassword("grüße", one), true);
  assert.equal(await verifyPassword("grusse", one), false);
});

Deno.test("argon2id agrees with the reference implementation", async () => {
  // From the test suite of the reference implementation (phc-winner-argon2, test.c).
  const hash = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ" +
    "$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  assert.equal(await verifyPassword("password", hash), true);
  assert.equal(await verifyPassword("Password", hash), false);
});

Deno.test("empty and too long passwords are refused, and match nothing", async () => {
  const longest = "x".repeat(MAX_PASSWORD_BYTES);
  await assert.rejects(hashPassword(""), { code: "bad-password" });
  await assert.rejects(hashPassword(longest + "x"), { code: "bad-password" });
  const stored = await hashPassword("-");
  assert.equal(await verifyPassword("", stored), false);
  assert.equal(await verifyPassword(longest + "x", stored), false);
  assert.equal(await verifyPassword(longest, await hashPassword(longest)), true);
});

Deno.test("every hash but argon2id with the current parameters needs to be hashed again", async () => {
  assert.equal(needsRehash(await hashPassword("password-1")), false);
  assert.equal(needsRehash(SEED_USERS["customer-1"]), true);
  assert.equal(needsRehash(dummyHash("argon2id").replace("t=2", "t=1")), true);
});

Deno.test("hashes in an unknown format or with excessive parameters are not accepted", async () => {
  const good = dummyHash("argon2id");
  for (
    const bad of [
      "",
      "password-1",
      good.replace("argon2id", "argon2i"),
      good.replace("m=19456", "m=9999999"),
      good.replace("t=2", "t=999"),
      good.replace("p=1", "p=0"),
      SEED_USERS["customer-1"].slice(1),
      SEED_USERS["customer-1"].replace("9", "g"),
    ]
  ) {
    assert.equal(parseStoredHash(bad), null, bad);
    assert.equal(await verifyPassword("password-1", bad), false);
  }
});
