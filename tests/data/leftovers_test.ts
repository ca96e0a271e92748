import assert from "node:assert/strict";
import { join } from "node:path";
import { createFileIds } from "../../src/data/file_id.ts";
import { Layout, prepareData } from "../../src/data/layout.ts";
import { sweep, sweepFolder } from "../../src/data/leftovers.ts";

const HOUR_MS = 3_600_000;

Deno.test("a sweep removes only old half-written files", async () => {
  const dir = await Deno.makeTempDir();
  const layout = new Layout(dir);
  await prepareData(layout);
  const folder = layout.tenantFolder("quarantine", "t");
  await Deno.mkdir(folder, { recursive: true });
  const now = Date.now();
  const id = createFileIds()();
  const put = async (name: string, hoursAgo: number) => {
    await Deno.writeTextFile(join(folder, name), "x");
    const at = new Date(now - hoursAgo * HOUR_MS);
    await Deno.utime(join(folder, name), at, at);
    return name;
  };
  await put(`.${id}.json.5d0c.tmp`, 2);
  const kept = [
    await put(`.${id}.json.aa11.tmp`, 0.5),
    await put(`.${id}.json`, 200),
    await put(id, 200),
    await put("somebody.tmp", 200),
  ];
  try {
    assert.equal(await sweep(layout.folder("quarantine"), now), 0, "it is in a folder below");
    assert.equal(await sweepFolder(layout, "quarantine", now), 1);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), kept.sort());
    assert.equal(await sweepFolder(layout, "archive", now), 0);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
