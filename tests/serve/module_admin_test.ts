import assert from "node:assert/strict";
import { markPending } from "../../src/modules/review.ts";
import { ModuleInbox } from "../../src/modules/inbox.ts";
import { ModuleStore } from "../../src/modules/store.ts";
import { submitModule } from "../../src/modules/submit.ts";
import { basic, type Harness, problemCode, withApp } from "./harness.ts";

const ADMIN = { Authorization: basic("admin", "secret") };

/** A module of `customer-1` that is pending. */
async function pendingModule({ intake }: Harness, text = "// one\n") {
  const root = intake.layout.moduleRoot;
  const [store, inbox] = [new ModuleStore(root), new ModuleInbox(root)];
  const files = { "ingest.ts": text, "tenant.json": "{}" };
  const { version } = await submitModule(store, inbox, "customer-1", files, 0);
  await inbox.remove("customer-1", version);
  return { store, inbox, version };
}

const pathOf = (version: string) => `/v1/admin/tenants/customer-1/module/${version}`;

/** Decides on a version as it is shown now. */
async function decide({ app }: Harness, version: string, verb: string, note?: string) {
  const { seen } = await (await app.request(pathOf(version), { headers: ADMIN })).json();
  return await app.request(`${pathOf(version)}/${verb}`, {
    method: "POST",
    headers: ADMIN,
    body: JSON.stringify(verb === "approve" ? { note, seen } : { note }),
  });
}

Deno.test("approving a version leaves a request for manage, with the operator and the note", () =>
  withApp(async (harness) => {
    const { store, inbox, version } = await pendingModule(harness);
    const early = await decide(harness, version, "approve");
    assert.equal(await problemCode(early), "wrong-version-state");
    await markPending(store, { tenant: "customer-1", version });
    const review = await (await decide(harness, version, "approve", "fine")).json();
    assert.equal(review.approvalRequested, true);
    assert.equal(review.permissions, null);
    assert.match(review.diff, /^--- \/dev\/null\n\+\+\+ b\/ingest\.ts\n/);
    const action = { verb: "approve", by: "admin", note: "fine", seen: review.seen };
    assert.deepEqual(await inbox.list(), [{ tenant: "customer-1", version, ...action }]);
  }));

Deno.test("the author of a rejected version sees the note, and it cannot be approved later", () =>
  withApp(async (harness) => {
    const { store, version } = await pendingModule(harness);
    await markPending(store, { tenant: "customer-1", version });
    assert.equal((await decide(harness, version, "reject", "no dates")).status, 200);
    const shown = await (await harness.send(`/v1/module/${version}`)).json();
    assert.deepEqual([shown.state, shown.note, shown.decidedBy], ["rejected", "no dates", "admin"]);
    const { entries } = await (await harness.send("/v1/module/log")).json();
    assert.equal(entries[0].message, "Rejected by admin: no dates");
    for (const verb of ["approve", "reject"]) {
      const again = await decide(harness, version, verb);
      assert.equal(again.status, 409);
      assert.equal(await problemCode(again), "wrong-version-state");
    }
  }));

Deno.test("a customer can test its own versions, one run at a time", () =>
  withApp(async (harness) => {
    const { store, version } = await pendingModule(harness);
    const start = (as = "customer-1") =>
      harness.send(`/v1/module/${version}/test-run?name=a.csv`, {
        method: "POST",
        body: "a\n1\n",
        as,
      });
    assert.equal(await problemCode(await start()), "wrong-version-state");
    await markPending(store, { tenant: "customer-1", version });
    assert.equal((await start("customer-2")).status, 404);
    assert.equal((await (await start()).json()).state, "waiting");
    assert.equal(await problemCode(await start()), "test-run-in-progress");
    const shown = await (await harness.send(`/v1/module/${version}/test-run`)).json();
    assert.deepEqual([shown.state, shown.name], ["waiting", "a.csv"]);
  }));
