import assert from "node:assert/strict";
import { join } from "node:path";
import { keepAll } from "../harness/modules.ts";
import { Platform } from "../harness/platform.ts";
import { run } from "../harness/process.ts";

const USER = "customer-1";

function records(count: number): string {
  return `n\n${Array.from({ length: count }, (_, n) => `${n}\n`).join("")}`;
}

Deno.test("add, then replace: fetch and manage files say what happens to the rows of each version", async () => {
  await using platform = await Platform.create();
  await platform.must("manage", "tenant", "add", USER, "-p", "password-1");
  await platform.deploy(USER, keepAll());
  const { url } = await platform.serve();
  platform.manage();
  const dir = await platform.inputDir({});
  const fetch = async (...flags: string[]) => {
    const account = ["-u", USER, "-p", "password-1", "--server", url];
    const { code, stdout, stderr } = await run(["fetch", ...account, "-d", dir, ...flags]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  /** Sends a version and returns what `fetch` says below the file. */
  const send = async (count: number, ...flags: string[]) => {
    await Deno.writeTextFile(join(dir, "sales.csv"), records(count));
    return (await fetch(...flags)).split("\n").find((line) => line.startsWith(" "))?.trim();
  };

  assert.equal(await send(1204, "--wait"), undefined);
  const added = "version 2 of sales.csv; the 1,204 rows of version 1 stay";
  assert.equal(await send(1300), added);
  assert.equal(await send(1300, "--wait"), added);
  assert.equal(platform.count(USER, "items"), 2504);

  await platform.deploy(USER, keepAll({ versions: "replace" }));
  const kept = "; the 2,504 rows of versions 1 and 2 stay";
  assert.equal(await send(5, "--wait"), `version 3 of sales.csv${kept}`);
  assert.equal(await send(6), `version 4 of sales.csv will replace version 3${kept}`);
  assert.equal(await send(6, "--wait"), `version 4 of sales.csv replaces version 3${kept}`);
  // The correction is taken back.
  assert.equal(await send(5, "--wait"), `version 5 of sales.csv replaces version 4${kept}`);
  assert.equal(platform.count(USER, "items"), 2509);

  const listed = await platform.must("manage", "files", "--json");
  const texts = listed.trim().split("\n").map((line) => JSON.parse(line).versionText);
  assert.deepEqual(texts, [
    `version 5 of sales.csv replaces version 4${kept}`,
    `version 4 of sales.csv; replaced by version 5${kept}`,
    "version 3 of sales.csv; replaced by version 4" + kept,
    added,
    null,
  ]);
  const table = await platform.must("manage", "files");
  assert.ok(table.includes(`  ${added}\n`), table);
});
