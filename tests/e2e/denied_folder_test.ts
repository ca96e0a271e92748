import assert from "node:assert/strict";
import { join } from "node:path";
import { keepAll } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { asCustomer, upload } from "../harness/tus.ts";
import { until } from "../harness/until.ts";

/** Root can read everything, so the services run as another user. */
const UID = Deno.uid() === 0 ? 65534 : undefined;

Deno.test("a folder of one tenant that cannot be read does not keep the others from sending and loading", async () => {
  await using platform = await Platform.create("", undefined, "sqlite:", UID);
  const denied = ["staging", "archive", "quarantine"].map((folder) =>
    join(platform.data, folder, "customer-2")
  );
  await platform.seedAccounts();
  for (const folder of denied) await Deno.mkdir(folder, { mode: 0 });
  if (UID !== undefined) {
    await new Deno.Command("chown", { args: ["-R", `${UID}:${UID}`, platform.data] }).output();
  }
  await platform.deploy("customer-1", keepAll());
  const { url, process } = await platform.serve();
  const manage = platform.manage();
  const customer = { url, user: "customer-1", password: "password-1" };
  assert.equal((await upload(customer, "a.csv", new TextEncoder().encode("x\n1\n"))).status, 201);
  assert.equal((await platform.settled("customer-1", "a.csv")).state, "ingested");
  const other = { url, user: "customer-2", password: "password-2" };
  const refused = await upload(other, "a.csv", new TextEncoder().encode("x\n1\n"));
  assert.equal(refused.status, 503);
  const asked = await asCustomer(other, `/v1/files?name=a.csv&sha256=${"0".repeat(64)}`);
  assert.equal(asked.status, 200, await asked.text());
  const problem = process.records().find(({ event }) => event === "staging.problem");
  assert.equal(problem?.["path"], denied[0]);
  assert.equal((await manage.stop()).code, 0);
  assert.equal((await process.stop()).code, 0);
  for (const folder of denied) await Deno.chmod(folder, 0o700);
});

Deno.test("a file that manage may not read waits until it may, and is loaded then", async () => {
  await using platform = await Platform.create("", undefined, "sqlite:", UID);
  await platform.seedAccounts();
  await platform.deploy("customer-1", keepAll());
  if (UID !== undefined) {
    await new Deno.Command("chown", { args: ["-R", `${UID}:${UID}`, platform.data] }).output();
  }
  const { url } = await platform.serve();
  const customer = { url, user: "customer-1", password: "password-1" };
  const received = await upload(customer, "a.csv", new TextEncoder().encode("x\n1\n"));
  const id = received.headers.get("Mysimbdp-File-Id") ?? "";
  const path = join(platform.data, "staging", "customer-1", id);
  await Deno.chmod(path, 0);
  platform.manage();
  const waiting = await until("the file waits for its permissions", async () => {
    const [file] = await platform.files({ tenant: "customer-1" });
    return file?.reason?.code === "permission-denied" ? file : null;
  });
  assert.equal(waiting.state, "queued");
  await Deno.chmod(path, 0o600);
  assert.equal((await platform.settled("customer-1", "a.csv")).state, "ingested");
});
