import assert from "node:assert/strict";
import { join } from "node:path";
import { Failure } from "../../src/base/failure.ts";
import { scanDirectory } from "../../src/fetch/scan.ts";
import { TempDir } from "./setup.ts";

async function outcomes(dir: string): Promise<Record<string, string>> {
  const entries = await scanDirectory(dir);
  return Object.fromEntries(entries.map((entry) => [
    entry.name,
    entry.outcome === "candidate" ? "candidate" : `${entry.outcome} ${entry.failure.code}`,
  ]));
}

Deno.test("regular files are candidates, sorted by name", async () => {
  await using dir = new TempDir();
  for (const name of ["b.csv", "a.csv", "Z.csv", "ä.csv"]) await dir.write(name, "1\n");
  const entries = await scanDirectory(dir.path);
  assert.deepEqual(entries.map((entry) => entry.name), ["Z.csv", "a.csv", "b.csv", "ä.csv"]);
  assert.ok(entries.every((entry) => entry.outcome === "candidate" && entry.candidate.size === 2));
});

Deno.test("hidden files and folders are skipped, empty files and bad names refused", async () => {
  await using dir = new TempDir();
  await dir.write(".hidden.csv", "1");
  await dir.write("empty.csv", "");
  await dir.write("good.csv", "1");
  await dir.write("con.csv", "1");
  await Deno.mkdir(join(dir.path, "folder.csv"));
  if (Deno.build.os !== "windows") await dir.write("line\nbreak.csv", "1");
  const found = await outcomes(dir.path);
  assert.equal(found[".hidden.csv"], "skipped hidden-file");
  assert.equal(found["folder.csv"], "skipped folder");
  assert.equal(found["empty.csv"], "refused file-empty");
  assert.equal(found["con.csv"], "refused bad-file-name");
  assert.equal(found["good.csv"], "candidate");
  if (Deno.build.os !== "windows") {
    assert.equal(found["line\nbreak.csv"], "refused bad-file-name");
  }
});

Deno.test({
  name: "links inside are followed; links to the outside, broken and circular ones are refused",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using dir = new TempDir();
    await using outside = new TempDir();
    await dir.write("real.csv", "1");
    await outside.write("secret.csv", "1");
    const link = (to: string, name: string) => Deno.symlink(to, join(dir.path, name));
    await link("real.csv", "inside.csv");
    await link(join(outside.path, "secret.csv"), "outside.csv");
    await link("..", "up.csv");
    await link("nowhere.csv", "dead.csv");
    await link("circle.csv", "circle.csv");
    const found = await outcomes(dir.path);
    assert.equal(found["inside.csv"], "candidate");
    assert.equal(found["outside.csv"], "refused link-outside");
    assert.equal(found["up.csv"], "refused link-outside");
    assert.equal(found["dead.csv"], "refused file-gone");
    assert.equal(found["circle.csv"], "refused file-unreadable");
  },
});

Deno.test({
  name: "the directory can be a link",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using dir = new TempDir();
    await using elsewhere = new TempDir();
    await dir.write("a.csv", "1");
    await Deno.symlink(dir.path, join(elsewhere.path, "link"));
    assert.deepEqual(await outcomes(join(elsewhere.path, "link")), { "a.csv": "candidate" });
  },
});

Deno.test({
  name: "pipes are refused and never opened",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using dir = new TempDir();
    const made = await new Deno.Command("mkfifo", { args: [join(dir.path, "pipe.csv")] }).output();
    assert.ok(made.success);
    assert.equal((await outcomes(dir.path))["pipe.csv"], "refused not-a-file");
  },
});

Deno.test({
  name: "two spellings of one name: the second is refused",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using dir = new TempDir();
    await dir.write("e\u0301.csv", "1");
    await dir.write("\u00e9.csv", "2");
    const entries = await scanDirectory(dir.path);
    assert.deepEqual(entries.map((entry) => entry.outcome), ["candidate", "refused"]);
    assert.deepEqual(entries.map((entry) => entry.name), ["\u00e9.csv", "\u00e9.csv"]);
  },
});

Deno.test("a missing directory is a usage error", async () => {
  await using dir = new TempDir();
  const path = join(dir.path, "nothing");
  await assert.rejects(scanDirectory(path), (thrown) => {
    assert.ok(thrown instanceof Failure);
    assert.equal(thrown.kind, "usage");
    assert.equal(thrown.message, `Cannot read the directory "${path}": it does not exist`);
    return true;
  });
  await assert.rejects(
    scanDirectory(await dir.write("file.csv", "1")),
    /it is not a directory/,
  );
});

Deno.test("temporary names and markers are skipped, with the file that they are", async () => {
  await using dir = new TempDir();
  const names = ["a.csv.tmp", "b.csv.PART", "c.csv.crdownload", "d.csv~", "e.csv.done", "done.csv"];
  for (const name of names) await dir.write(name, "1\n");
  await Deno.mkdir(join(dir.path, "f.csv.done"));
  const found = await outcomes(dir.path);
  for (const name of names.slice(0, 4)) assert.equal(found[name], "skipped temporary-file", name);
  assert.equal(found["e.csv.done"], "skipped marker-file");
  assert.equal(found["done.csv"], "candidate");
  const sizes = (await scanDirectory(dir.path)).map((entry) =>
    entry.outcome === "candidate" ? entry.candidate.size : entry.found?.size
  );
  assert.deepEqual(sizes, [2, 2, 2, 2, 2, 2, undefined]);
});
