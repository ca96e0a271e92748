import assert from "node:assert/strict";
import type { ModuleView } from "../../src/protocol/module_view.ts";
import { keepAll, type ModuleFiles } from "../harness/modules.ts";
import { until } from "../harness/until.ts";
import { Customers } from "./customers.ts";

/** A module with this before its code. */
function withLines(lines: string): ModuleFiles {
  const files = keepAll();
  return { ...files, "ingest.ts": `${lines}\n${files["ingest.ts"]}` };
}

const comments = (word: string, count: number) =>
  Array.from({ length: count }, (_, n) => `// ${word} ${n}`).join("\n");

Deno.test("nothing can be hidden from a review, and what is approved is what was seen", async (t) => {
  await using customers = await Customers.open("", "t1");
  const { platform } = customers;
  platform.manage();
  const submit = async (files: ModuleFiles) =>
    (await customers.checked("t1", await customers.submit("t1", files))).version;
  const current = async () => (await customers.ask<ModuleView>("t1", "/v1/module")).current;
  const approvePath = (version: string) => `/v1/admin/tenants/t1/module/${version}/approve`;
  const first = await submit(withLines(comments("old", 8_000)));
  await customers.approve("t1", first);

  const hidden = 'console.log("taken");';
  const second = await submit(withLines(`${comments("new", 8_000)}\n${hidden}`));
  await t.step("8,000 changed comment lines: both files are shown in full", async () => {
    const shown = await platform.must("manage", "tenant", "diff", "t1", second);
    assert.ok(shown.includes(`\n+${hidden}\n`), shown.slice(0, 500));
    const lines = (await customers.review("t1", second)).diff.split("\n");
    assert.ok(lines.includes(`+${hidden}`));
    for (let n = 0; n < 8_000; n++) {
      assert.ok(lines.includes(`-// old ${n}`) && lines.includes(`+// new ${n}`), `line ${n}`);
    }
  });
  await t.step("a line of 1 MB is shown in full", async () => {
    const long = `/*${"x".repeat(1_000_000)}*/ ${hidden}`;
    const version = await submit(withLines(long));
    assert.ok((await customers.review("t1", version)).diff.includes(`\n+${long}\n`));
  });

  const { seen } = await customers.review("t1", second);
  await t.step(
    "an approval names what was seen: nothing, or something else, is refused",
    async () => {
      assert.equal((await customers.asOperator(approvePath(second), {})).status, 400);
      const other = await customers.asOperator(approvePath(second), { seen: "0".repeat(64) });
      assert.equal(other.status, 409);
      assert.match(other.text, /review-outdated/);
      const script = await platform.run("manage", "tenant", "approve", "t1", second, "-q");
      assert.equal(script.code, 2, script.stderr);
      assert.match(script.stderr, /--seen is missing\n.*manage tenant diff t1 v2-/);
      for (const verb of ["diff", "approve"]) {
        const unknown = await platform.run("manage", "tenant", verb, "t1", "v9-00000000");
        assert.deepEqual([unknown.code, unknown.stdout], [2, ""]);
      }
    },
  );
  const third = await submit(withLines("// third"));
  await t.step("another version became current since: it is refused everywhere", async () => {
    await customers.approve("t1", third);
    const late = await customers.asOperator(approvePath(second), { seen });
    assert.equal(late.status, 409, late.text);
    assert.match(late.text, /what you saw is no longer what would be approved/);
    const args = ["manage", "tenant", "approve", "t1", second, "--seen", seen];
    const script = await platform.run(...args);
    assert.equal(script.code, 1, script.stderr);
    assert.match(script.stderr, /no longer what would be approved/);
    assert.equal(await current(), third);
  });
  await t.step(
    "another version became current before manage applied it: it is refused",
    async () => {
      // What serve checked is checked again: here somebody writes the request past it.
      const request = { verb: "approve", by: "admin", note: null, seen };
      const path = `${platform.data}/tenants/.inbox/t1@${second}.json`;
      await Deno.writeTextFile(path, JSON.stringify(request));
      await until("the request is refused", async () => {
        const { entries } = await customers.ask<{ entries: { message: string }[] }>(
          "t1",
          "/v1/module/log",
        );
        return /no longer what would be approved/.test(entries[0]?.message ?? "");
      });
      assert.equal(await current(), third);
    },
  );
  await t.step(
    "a version that is older goes back: both sides say so, and the hash is recorded",
    async () => {
      const review = await customers.review("t1", second);
      assert.deepEqual([review.older, review.against], [true, third]);
      const shown = await platform.must("manage", "tenant", "diff", "t1", second);
      const older = `${second} is older than the current ${third}: approving it goes back`;
      assert.ok(shown.includes(older), shown.slice(-1_000));
      const args = ["manage", "tenant", "approve", "t1", second, "--seen", review.seen];
      const approved = await platform.must(...args);
      assert.match(approved, new RegExp(`next file on, and goes back from ${third}\n$`));
      assert.equal(await current(), second);
      const audit = await platform.must("manage", "audit", "--json");
      assert.ok(audit.includes(review.seen), audit);
    },
  );
  await t.step("all pending versions are listed", async () => {
    await submit(withLines("// fourth"));
    const { text } = await customers.asOperator("/v1/admin/tenants/t1");
    const { pending } = JSON.parse(text).module;
    assert.deepEqual(pending.map((version: string) => version.slice(0, 2)), ["v5", "v3"]);
    const shown = await platform.must("manage", "tenant", "diff", "t1");
    assert.match(shown, /^also pending: v3-[0-9a-f]{8}$/m);
  });
});
