import assert from "node:assert/strict";
import { Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";
import { type Customer, tus } from "../harness/tus.ts";

async function create(customer: Customer, name: string): Promise<Response> {
  const response = await tus(customer, "/v1/uploads", {
    method: "POST",
    headers: { "Upload-Length": "6", "Upload-Metadata": `filename ${btoa(name)}` },
  });
  return response;
}

Deno.test("abandoned creations: the message names them, fetch lists them and discards them", async () => {
  await using platform = await Platform.create();
  await platform.seedAccounts();
  await platform.constrain("customer-1", { number_files: 2 });
  const { url } = await platform.serve();
  const customer = { url, user: "customer-1", password: "password-1" };
  const fetch = (...args: string[]) =>
    run(["fetch", ...args, "--server", url, "-u", customer.user, "-p", customer.password]);
  const ids: string[] = [];
  for (const name of ["a.csv", "b.csv"]) {
    const response = await create(customer, name);
    await response.body?.cancel();
    ids.push(response.headers.get("Location")?.split("/").at(-1) ?? "");
  }
  const refused = await create(customer, "c.csv");
  assert.equal(refused.status, 422);
  const { detail, hint } = await refused.json();
  for (const part of [...ids, "a.csv", "0 of 6 bytes", "expires"]) assert.ok(detail.includes(part));
  assert.match(hint, /mysimbdp fetch uploads discard/);

  const sent = await fetch("-d", await platform.inputDir({ "d.csv": "x\n1\n" }));
  assert.equal(sent.code, 0, "fetch has its own batch");
  const listed = await fetch("uploads", "list");
  assert.match(listed.stdout, /^ID +NAME +RECEIVED +OF BYTES +BEGUN +EXPIRES$/m);
  assert.match(listed.stdout, new RegExp(`^${ids[0]} +a\\.csv +0 +6 `, "m"));
  assert.equal((await fetch("uploads", "discard")).code, 2, "neither ids nor --all");
  const one = await fetch("uploads", "discard", ids[0]!);
  assert.deepEqual([one.code, one.stdout], [0, `${ids[0]}: discarded\n`]);
  const again = await fetch("uploads", "discard", ids[0]!);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /Cannot find upload/);
  const all = await fetch("uploads", "discard", "--all", "--json");
  assert.deepEqual(JSON.parse(all.stdout), {
    id: ids[1],
    discarded: true,
    code: null,
    message: null,
  });
  assert.equal((await fetch("uploads", "list", "--json")).stdout, "");
  assert.deepEqual(await platform.list("uploads"), []);
});
