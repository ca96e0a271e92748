import assert from "node:assert/strict";
import { Failure } from "../../src/base/failure.ts";
import { dummyHash } from "../../src/accounts/stored_hash.ts";
import { UsersFile } from "../../src/accounts/users.ts";
import { SEED_USERS, usersFolder } from "./samples.ts";

const HASH = dummyHash("argon2id");

Deno.test("accounts are read, added, disabled, enabled and listed", async () => {
  using folder = usersFolder(SEED_USERS);
  const users = new UsersFile(folder.path);
  await users.add("a-new-one", HASH);
  await users.setEnabled("customer-1", false);
  assert.deepEqual(users.list().map(({ name, enabled }) => [name, enabled]), [
    ["a-new-one", true],
    ["customer-1", false],
    ["customer-2", true],
  ]);
  assert.equal(folder.read()["customer-1"], "!" + SEED_USERS["customer-1"]);
  await users.setHash("customer-1", HASH);
  assert.equal(folder.read()["customer-1"], "!" + HASH);
  await users.setEnabled("customer-1", true);
  assert.deepEqual(folder.read(), { ...SEED_USERS, "customer-1": HASH, "a-new-one": HASH });
});

Deno.test("without a file there are no accounts; the first account creates it with mode 600", async () => {
  using folder = usersFolder();
  const users = new UsersFile(folder.path);
  assert.equal(users.accounts().size, 0);
  await users.add("customer-1", HASH);
  assert.equal((Deno.statSync(folder.path).mode ?? 0) & 0o777, 0o600);
  assert.deepEqual([...Deno.readDirSync(folder.dir)].map(({ name }) => name).sort(), [
    "users.json",
    "users.json.lock",
  ]);
});

Deno.test("a change that fails is reported and leaves the file unchanged", async () => {
  using folder = usersFolder(SEED_USERS);
  const users = new UsersFile(folder.path);
  const before = Deno.readTextFileSync(folder.path);
  await assert.rejects(users.add("customer-1", HASH), { code: "tenant-exists" });
  await assert.rejects(users.add("../etc", HASH), { code: "bad-tenant-name" });
  await assert.rejects(users.setHash("nobody", HASH), { code: "no-such-tenant" });
  await assert.rejects(users.setEnabled("nobody", false), { code: "no-such-tenant" });
  assert.equal(await users.replaceHash("customer-1", HASH, HASH), false);
  assert.equal(Deno.readTextFileSync(folder.path), before);
  const nowhere = new UsersFile(`${folder.dir}/missing/users.json`);
  await assert.rejects(nowhere.add("customer-1", HASH), { code: "users-file-unwritable" });
});

Deno.test("tenants' names follow the one rule, operators' may also have upper case", async () => {
  using folder = usersFolder({ "Customer-1": HASH, "customer-1": HASH, "a.b_c": HASH });
  const tenants = new UsersFile(folder.path);
  assert.deepEqual(tenants.invalidNames(), ["Customer-1"]);
  await assert.rejects(tenants.add("Customer-2", HASH), { code: "bad-tenant-name" });
  const operators = new UsersFile(folder.path, "operator");
  assert.deepEqual(operators.invalidNames(), []);
  await operators.add("Alice", HASH);
  await assert.rejects(operators.add("Alice", HASH), { code: "operator-exists" });
  await assert.rejects(operators.add("../etc", HASH), { code: "bad-operator-name" });
  await assert.rejects(operators.setEnabled("bob", false), { code: "no-such-operator" });
});

Deno.test("a hash is replaced only if it is still the verified one", async () => {
  using folder = usersFolder(SEED_USERS);
  const users = new UsersFile(folder.path);
  assert.equal(await users.replaceHash("customer-1", SEED_USERS["customer-1"], HASH), true);
  await users.setEnabled("customer-2", false);
  assert.equal(await users.replaceHash("customer-2", SEED_USERS["customer-2"], HASH), false);
  assert.equal(folder.read()["customer-2"], "!" + SEED_USERS["customer-2"]);
});

Deno.test("changes of another writer are visible at once, even within one tick of the clock", async () => {
  using folder = usersFolder({});
  const mine = new UsersFile(folder.path);
  const theirs = new UsersFile(folder.path);
  for (let i = 0; i < 20; i++) {
    await theirs.add(`tenant-${i}`, HASH);
    assert.equal(mine.accounts().size, i + 1);
    await theirs.setEnabled(`tenant-${i}`, false);
    assert.equal(mine.accounts().get(`tenant-${i}`)?.enabled, false);
  }
});

Deno.test("four processes add accounts at the same time and none is lost", async () => {
  using folder = usersFolder(SEED_USERS);
  const users = new URL("../../src/accounts/users.ts", import.meta.url).href;
  const script = `import { UsersFile } from ${JSON.stringify(users)};
    const users = new UsersFile(${JSON.stringify(folder.path)});
    for (let i = 0; i < 10; i++) await users.add(Deno.args[0] + "-" + i, ${JSON.stringify(HASH)});`;
  const file = `${folder.dir}/add.ts`;
  Deno.writeTextFileSync(file, script);
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const runs = ["a", "b", "c", "d"].map((name) =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--config", config, file, name],
    }).output()
  );
  for (const { code, stderr } of await Promise.all(runs)) {
    assert.equal(code, 0, new TextDecoder().decode(stderr));
  }
  assert.equal(Object.keys(folder.read()).length, 42);
});

function failureOf(text: string): Failure {
  using folder = usersFolder(text);
  try {
    new UsersFile(folder.path).accounts();
  } catch (error) {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, "bad-users-file");
    assert.ok(error.message.includes(folder.path));
    assert.ok(error.hint);
    return error;
  }
  throw new Error("the file was accepted");
}

Deno.test("a broken file is reported with its position but not its content", () => {
  const hash = SEED_USERS["customer-1"];
  const cut = failureOf(`{\n  "customer-1": "${hash}`);
  assert.equal(cut.details["line"], 2);
  const wrongHash = failureOf(`{\n"a": "${hash}",\n"b": "secret-text"}`);
  assert.match(wrongHash.message, /:3": the hash of "b" is in no known format/);
  const notText = failureOf(`{\n"a": "${hash}",\n"b": 5}`);
  assert.match(notText.message, /:3": the hash of "b" is not text/);
  assert.match(failureOf(`{"../x": "${hash}"}`).message, /cannot be the name of an account/);
  assert.match(failureOf(`["${hash}"]`).message, /not an object/);
  for (const failure of [cut, wrongHash, failureOf(`{"a": secret ${hash}}`)]) {
    const shown = failure.message + failure.hint + JSON.stringify(failure.details);
    assert.ok(!shown.includes(hash.slice(0, 8)) && !shown.includes("secret"), shown);
  }
});
