import assert from "node:assert/strict";
import { Layout } from "../../src/data/layout.ts";
import { requestReplay } from "../../src/staging/replay_requests.ts";
import { whyNoCassandra } from "../harness/cassandra.ts";
import { articles, Shop, stock } from "../harness/shop.ts";

const ignore = await whyNoCassandra() !== null;
const NOW =
  /, as if it were sent now: its rows win over earlier files, deletes and dropped columns\n$/;
const IN_PLACE = /, in its place: rows of files that arrived later win, and so do later deletes\n$/;

Deno.test({
  name: "cassandra: replays win over later changes, or keep their place and say what is hidden",
  ignore,
  async fn(t) {
    await using shop = await Shop.open(stock({ rejects: "failed.csv" }));
    const { platform } = shop.on;
    const manage = platform.manage();
    const keys = ["a", "b", "c"];
    const all = (from: string | null) => Object.fromEntries(keys.map((key) => [key, from]));
    const first = await shop.load("first.csv", keys);

    await t.step("after a DELETE", async () => {
      await shop.delete(...keys);
      assert.deepEqual(await shop.names(), {});
      const again = await shop.replay(first);
      assert.match(again.said, NOW);
      assert.deepEqual(await shop.names(), all("first.csv"));
      assert.deepEqual(again.file.notices, []);
    });

    await t.step("in its place after a DELETE: hidden rows become a notice", async () => {
      await shop.delete("a", "b");
      const kept = await shop.replay(first, "--keep-order");
      assert.match(kept.said, IN_PLACE);
      assert.deepEqual(await shop.names(), { c: "first.csv" });
      assert.match(
        kept.file.notices.join(),
        /^Of 3 rows read after this load, 2 cannot be seen as/,
      );
      assert.ok(kept.file.notices[0]?.endsWith(`manage replay ${first.id} --now`));
      await manage.line(/"file\.rows_hidden"/);
      const warning = manage.records().find(({ event }) => event === "file.rows_hidden");
      assert.deepEqual([warning?.level, warning?.sampled, warning?.hidden], ["WARN", 3, 2]);
      const now = await shop.replay(first, "--now", "--json");
      assert.equal(JSON.parse(now.said).order, "now");
      assert.deepEqual(await shop.names(), all("first.csv"));
      assert.deepEqual(now.file.notices, []);
    });

    await t.step("after a column was dropped and added again", async () => {
      await shop.on.client.execute(`ALTER TABLE ${shop.table} DROP name`);
      await shop.on.client.execute(`ALTER TABLE ${shop.table} ADD name text`);
      const kept = await shop.replay(first, "--keep-order");
      assert.deepEqual(await shop.names(), all(null));
      assert.match(
        kept.file.notices.join(),
        /^Of 3 rows read after this load, 3 cannot be seen as/,
      );
      const now = await shop.replay(first);
      assert.deepEqual(await shop.names(), all("first.csv"));
      assert.deepEqual(now.file.notices, []);
    });

    await t.step("after a TRUNCATE the rows are back in any order", async () => {
      await shop.on.client.execute(`TRUNCATE ${shop.table}`);
      const kept = await shop.replay(first, "--keep-order");
      assert.deepEqual(await shop.names(), all("first.csv"));
      assert.deepEqual(kept.file.notices, []);
    });

    await t.step("a later file keeps its rows, unless the replay is to win", async () => {
      const later = await shop.load("later.csv", ["b", "c"]);
      const mixed = { a: "first.csv", b: "later.csv", c: "later.csv" };
      const kept = await shop.replay(first, "--keep-order");
      assert.deepEqual(await shop.names(), mixed);
      assert.deepEqual(kept.file.notices, []);
      await shop.replay(first, "--now");
      assert.deepEqual(await shop.names(), all("first.csv"));
      // The place of a file that was loaded as if sent now is that of its replay.
      await shop.replay(later, "--keep-order");
      assert.deepEqual(await shop.names(), all("first.csv"));
      await shop.load("last.csv", keys);
      assert.deepEqual(await shop.names(), all("last.csv"));
    });

    await t.step("the dashboard's request has an order too, and is answered once", async () => {
      await requestReplay(new Layout(platform.data), first.id, {
        order: "arrival",
        at: Date.now(),
      });
      await shop.ended(first.name, 1, (await shop.record(first.id))!.finishedAt!);
      assert.deepEqual(await shop.names(), all("last.csv"));
      await manage.line(/"file\.replayed"/);
      const replayed = manage.records().find(({ event }) => event === "file.replayed");
      assert.equal(replayed?.order, "arrival");
      assert.match(`${replayed.loaded}`, /^in its place: rows of files that arrived later win/);
      assert.deepEqual(await platform.list("staging/.replay"), []);
    });

    await t.step("a file that was never loaded keeps its place", async () => {
      const failed = await shop.load("failed.csv", ["a", "d"]);
      assert.equal(failed.state, "quarantined");
      await platform.deploy("shop", stock());
      await shop.load("newest.csv", ["a"]);
      const { said, file } = await shop.replay(failed);
      assert.match(said, IN_PLACE);
      assert.equal(file.state, "ingested");
      assert.deepEqual(await shop.names(), {
        ...{ a: "newest.csv", b: "last.csv", c: "last.csv", d: "failed.csv" },
      });
      assert.deepEqual(file.notices, []);
      assert.match((await shop.replay(failed)).said, NOW);
      assert.equal((await shop.names())["a"], "failed.csv");
    });

    await t.step("versions that replace each other", async () => {
      await platform.deploy("shop", stock({ versions: "replace" }));
      const mine = async () =>
        Object.entries(await shop.names()).filter(([, name]) => name?.startsWith("version"));
      const version = await shop.load("v.csv", ["x", "y"], "version 1");
      await shop.delete("x");
      const kept = await shop.replay(version, "--keep-order");
      assert.deepEqual(await mine(), [["y", "version 1"]]);
      assert.match(
        kept.file.notices.join(),
        /^Of 2 rows read after this load, 1 cannot be seen as/,
      );
      assert.deepEqual((await shop.replay(version)).file.notices, []);
      assert.deepEqual((await mine()).sort(), [["x", "version 1"], ["y", "version 1"]]);
      await platform.stage("shop", "v.csv", articles("version 2", ["y", "z"]));
      const second = await shop.ended("v.csv", 2);
      assert.equal(second.version, 2);
      await shop.delete("z");
      await shop.replay(second);
      assert.deepEqual((await mine()).sort(), [["y", "version 2"], ["z", "version 2"]]);
      const refused = await platform.run("manage", "replay", version.id);
      assert.match(refused.stderr, /version 2 is loaded/);
    });
  },
});

Deno.test({
  name: "cassandra: the order of a replay survives kills until the rows are stored",
  ignore,
  async fn() {
    await using shop = await Shop.open();
    const { platform } = shop.on;
    const keys = Array.from({ length: 3_000 }, (_, n) => `article ${n}`);
    await platform.stage("shop", "a.csv", articles("a.csv", keys));
    await platform.must("manage", "--once");
    const [file] = await platform.files();
    const id = file!.id;
    const both = await platform.run("manage", "replay", id, "--now", "--keep-order");
    assert.equal(both.code, 2);
    for (const afterMs of [0, 300, 800]) {
      await shop.on.client.execute(`DELETE FROM ${shop.table} WHERE sku = 'article 7'`);
      assert.match(await platform.must("manage", "replay", id), NOW);
      const second = await platform.run("manage", "replay", id, "--keep-order");
      assert.equal(second.code, 2);
      assert.match(second.stderr, /Cannot replay "a.csv": it is queued, as if it were sent now/);
      const manage = platform.start(["manage", "--once"]);
      await manage.line(/"file\.started"/);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      manage.kill("SIGKILL");
      await manage.ended();
      await platform.must("manage", "--once");
      const names = await shop.names();
      assert.equal(names["article 7"], "a.csv", `killed after ${afterMs} ms`);
      assert.equal(Object.keys(names).length, keys.length);
      const [now] = await platform.files();
      assert.deepEqual([now?.state, now?.notices], ["ingested", []]);
    }
  },
});
