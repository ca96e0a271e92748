import assert from "node:assert/strict";
import { keepAll, type ModuleFiles } from "../harness/modules.ts";
import { Customers, LAYERS } from "./customers.ts";

/** A module that reports what it gets from a host, or why not, and tries to get a secret. */
function calling(host: string): ModuleFiles {
  const files = keepAll({
    before: `let secret = "";
    try { secret = ctx.secret("KEY"); } catch (error) { secret = error.message; }
    console.log("secret " + secret);
    let got = "";
    try { got = await (await ctx.fetch("http://${host}/")).text(); } catch (error) {
      got = error.message;
    }
    console.log("got " + got);`,
  });
  return {
    "ingest.ts": files["ingest.ts"]!.replace("row(record, ctx) {", "async row(record, ctx) {"),
    "tenant.json": JSON.stringify({
      permissions: { write: ["items"], net: [host], secrets: ["KEY"] },
    }),
  };
}

for (const { layers, env } of LAYERS) {
  Deno.test(`${layers}: a test run reaches hosts and secrets only once the version is approved, and a rejected version is not run`, async () => {
    const asked: string[] = [];
    const onListen = () => {};
    await using outside = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, (request) => {
      asked.push(request.url);
      return new Response("secrets of the intranet");
    });
    const host = `127.0.0.1:${outside.addr.port}`;
    const config = `[modules]\nnet_hosts = ["${host}"]\nnet_private_hosts = ["${host}"]\n`;
    await using customers = await Customers.open(config, "t1");
    const { platform } = customers;
    await platform.must("manage", "tenant", "secret", "set", "t1", "KEY", "--value", "s3cret");
    platform.start(["manage"], { env });
    const { version, state } = await customers.checked(
      "t1",
      await customers.submit("t1", calling(host)),
    );
    assert.equal(state, "pending");

    const before = await customers.testRun("t1", version);
    assert.match(before.logs.join("\n"), /no network until an operator has approved/);
    assert.doesNotMatch(JSON.stringify(before), /s3cret|intranet/);
    assert.match(
      before.notices[0] ?? "",
      /not approved, so its test run has no network .* no secr/,
    );
    assert.deepEqual(asked, []);

    await customers.approve("t1", version);
    const after = await customers.testRun("t1", version);
    assert.match(after.logs.join("\n"), /secret s3cret\ngot secrets of the intranet/);
    assert.equal(asked.length, 1);

    const next = await customers.submit("t1", { ...calling(host), "other.ts": "export {};" });
    await customers.checked("t1", next);
    await platform.must("manage", "tenant", "reject", "t1", next.version);
    const refused = await customers.startTestRun("t1", next.version);
    assert.equal(refused.status, 409);
    assert.match(refused.text, /wrong-version-state.*rejected/);
    assert.equal(asked.length, 1);
  });
}
