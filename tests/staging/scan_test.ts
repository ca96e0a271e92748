import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import type { Layout } from "../../src/data/layout.ts";
import { adoptFile } from "../../src/staging/adopt.ts";
import { inOrder, StagingScanner } from "../../src/staging/scan.ts";
import type { StagedFile } from "../../src/staging/sidecar.ts";
import { namesIn, sha256Hex, stage, withLayout } from "./harness.ts";

type Options = ConstructorParameters<typeof StagingScanner>[1];

/** A scanner whose clocks a test moves. */
function scannerFor(layout: Layout, options: Options = {}) {
  const time = { now: Date.now(), monotonic: 0 };
  const clock = { now: () => time.now, monotonic: () => time.monotonic };
  const scanner = new StagingScanner(layout, { clock, ...options });
  return {
    time,
    async look() {
      const found = await scanner.scan();
      time.monotonic += 1_000;
      return found;
    },
  };
}

async function folderOf(layout: Layout, tenant = "customer-1"): Promise<string> {
  const folder = layout.tenantFolder("staging", tenant);
  await Deno.mkdir(folder, { recursive: true });
  return folder;
}

Deno.test("a scan finds all tenants' files in the order of arrival, and skips known ones", () =>
  withLayout(async (layout) => {
    const second = await stage(layout, { receivedAt: 20 });
    const first = await stage(layout, { tenant: "customer-2", receivedAt: 10 });
    const third = await stage(layout, { receivedAt: 30 });
    assert.deepEqual((await scannerFor(layout).look()).files, [first, second, third]);
    const isKnownFile = (tenant: string, id: string) => tenant === "customer-1" && id === second.id;
    assert.deepEqual((await scannerFor(layout, { isKnownFile }).look()).files, [first, third]);
  }));

for (
  const [title, set] of [
    ["now", "now"],
    ["in the future", "2040-01-01"],
    ["beyond what the file system stores", "@99999999999999"],
    ["of 1970", "@0"],
    ["before 1970", "@-1000"],
  ] as const
) {
  Deno.test(`a file with a time ${title} is adopted at the second look, and arrives now`, () =>
    withLayout(async (layout) => {
      const folder = await folderOf(layout);
      const path = join(folder, "by hand.csv");
      await Deno.writeTextFile(path, "1,2\n");
      await new Deno.Command("touch", { args: ["-d", set, path] }).output();
      const { look, time } = scannerFor(layout);
      const first = await look();
      assert.deepEqual(first.files, [], "it may still be written");
      assert.deepEqual(first.arriving, [{ path, watchedMs: 0 }]);
      const { files: [file], arriving } = await look();
      assert.ok(file);
      assert.deepEqual(arriving, []);
      assert.deepEqual([file.name, file.size, file.version], ["by hand.csv", 4, 1]);
      assert.equal(file.sha256, sha256Hex("1,2\n"));
      assert.ok(file.receivedAt <= time.now && file.receivedAt > time.now - 60_000);
      assert.deepEqual(await namesIn(folder), [`.${file.id}.json`, file.id]);
      assert.deepEqual((await look()).files, [file]);
    }));
}

Deno.test("files that were written and moved within one second arrive in their order", () =>
  withLayout(async (layout) => {
    const folder = await folderOf(layout);
    const names = Array.from({ length: 8 }, (_, n) => `${n}.csv`);
    // The second may end while they are written.
    const before = Math.floor(Date.now() / 1_000) * 1_000;
    for (const name of names) {
      await Deno.writeTextFile(`${folder}/.${name}`, name);
      await Deno.rename(`${folder}/.${name}`, `${folder}/${name}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { look } = scannerFor(layout);
    await look();
    const { files } = await look();
    assert.deepEqual(files.map(({ name }) => name), names);
    assert.ok(files[0]!.receivedAt >= before);
    assert.ok(files.at(-1)!.receivedAt >= files[0]!.receivedAt + 100);
  }));

Deno.test("a file that grows, or is replaced by one of the same size, is adopted when it is at rest", () =>
  withLayout(async (layout) => {
    const path = join(await folderOf(layout), "a.csv");
    const { look } = scannerFor(layout);
    for (let i = 0; i < 5; i++) {
      await Deno.writeTextFile(path, "x\n", { append: true });
      assert.deepEqual((await look()).files, []);
    }
    await Deno.writeTextFile(`${path}.new`, "y\n".repeat(5));
    await Deno.rename(`${path}.new`, path);
    const replaced = await look();
    assert.deepEqual(replaced.files, []);
    assert.deepEqual(replaced.arriving, [{ path, watchedMs: 5_000 }]);
    assert.equal((await look()).files[0]?.sha256, sha256Hex("y\n".repeat(5)));
  }));

Deno.test("two looks in quick succession prove nothing, whatever the clock says meanwhile", () =>
  withLayout(async (layout) => {
    await Deno.writeTextFile(join(await folderOf(layout), "a.csv"), "x\n");
    const { look, time } = scannerFor(layout);
    await look();
    time.now += 86_400_000;
    time.monotonic -= 900;
    assert.deepEqual((await look()).files, []);
    time.now -= 2 * 86_400_000;
    assert.equal((await look()).files.length, 1);
  }));

Deno.test("a file that changes while it is read is not adopted", () =>
  withLayout(async (layout) => {
    const folder = await folderOf(layout);
    await Deno.writeTextFile(`${folder}/a.csv`, "1");
    const stat = await Deno.lstat(`${folder}/a.csv`);
    await Deno.writeTextFile(`${folder}/a.csv`, "12");
    const found = { tenant: "customer-1", name: "a.csv", stat };
    assert.equal(await adoptFile(layout, found, { now: Date.now() }), null);
    assert.deepEqual(await namesIn(folder), ["a.csv"]);
  }));

Deno.test("an interrupted adoption resumes with the same id, also of a file from the future", () =>
  withLayout(async (layout) => {
    const folder = await folderOf(layout);
    await Deno.writeTextFile(`${folder}/a.csv`, "1");
    await Deno.utime(`${folder}/a.csv`, new Date("2040-01-01"), new Date("2040-01-01"));
    const stat = await Deno.lstat(`${folder}/a.csv`);
    const found = { tenant: "customer-1", name: "a.csv", stat };
    const first = await adoptFile(layout, found, { now: Date.now() });
    assert.ok(first);
    // As if the process was killed before the rename: the record exists, the file has its old name.
    await Deno.rename(layout.file("staging", "customer-1", first.id), `${folder}/a.csv`);
    const renamed = { ...found, stat: await Deno.lstat(`${folder}/a.csv`) };
    const again = await adoptFile(layout, renamed, { now: Date.now() });
    // A rename changes ctime, so only one within the same second gives the same id here.
    if (renamed.stat.ctime?.getTime() === stat.ctime?.getTime()) assert.equal(again?.id, first.id);
    assert.ok((await namesIn(folder)).includes(again?.id ?? ""));
  }));

Deno.test("what is not loaded is reported with its path, the reason and what to do", () =>
  withLayout(async (layout) => {
    const root = layout.folder("staging");
    const folder = await folderOf(layout);
    await Deno.mkdir(`${folder}/sub`);
    await Deno.writeTextFile(`${folder}/.hidden.csv`, "x");
    await Deno.symlink("/etc/passwd", `${folder}/link.csv`);
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe.csv`] }).output();
    await Deno.mkdir(`${root}/Not A Tenant`);
    await Deno.writeTextFile(`${root}/Not A Tenant/a.csv`, "x");
    await Deno.symlink(folder, `${root}/linked`);
    await Deno.writeTextFile(`${root}/stray.csv`, "x");
    await Deno.mkdir(`${root}/.replay`);
    await Deno.mkdir(`${root}/stranger`);
    await Deno.writeTextFile(`${root}/stranger/a.csv`, "x");
    await new Deno.Command("bash", { args: ["-c", `touch "$(printf '${folder}/caf\\xe9.csv')"`] })
      .output();
    const { look } = scannerFor(layout, { isKnownTenant: (tenant) => tenant !== "stranger" });
    await look();
    const { files, problems, arriving } = await look();
    assert.deepEqual([files, arriving], [[], []]);
    const found = Object.fromEntries(problems.map(({ path, why }) => [path, why]));
    const expected: Record<string, RegExp> = {
      [`${folder}/sub`]: /a folder\. Move/,
      [`${folder}/.hidden.csv`]: /starts with a dot\. Rename/,
      [`${folder}/link.csv`]: /symbolic link\. Replace/,
      [`${folder}/pipe.csv`]: /not a regular file\. Remove/,
      [`${root}/Not A Tenant`]: /not the name of a tenant\. Move/,
      [`${root}/linked`]: /symbolic link/,
      [`${root}/stray.csv`]: /not in the folder of a tenant\. Move/,
      [`${root}/stranger`]: /no tenant "stranger" exists\. Run mysimbdp manage tenant add stranger/,
      [`${folder}/caf\ufffd.csv`]: /not valid UTF-8\. Rename/,
    };
    assert.deepEqual(Object.keys(found).sort(), Object.keys(expected).sort());
    for (const [path, why] of Object.entries(expected)) assert.match(found[path] ?? "", why);
  }));

Deno.test("a thousand links are a few problems, with the number of the others", () =>
  withLayout(async (layout) => {
    const folder = await folderOf(layout);
    for (let i = 0; i < 1_000; i++) await Deno.symlink("/etc/passwd", `${folder}/${i}.csv`);
    const { problems } = await scannerFor(layout).look();
    assert.equal(problems.length, 21);
    assert.deepEqual(problems.at(-1)?.path, folder);
    assert.match(problems.at(-1)?.why ?? "", /^980 more/);
  }));

Deno.test("files with a record are found, even if their tenant is unknown", () =>
  withLayout(async (layout) => {
    const file = await stage(layout);
    const { look } = scannerFor(layout, { isKnownTenant: () => false });
    assert.deepEqual(await look(), { files: [file], known: [], arriving: [], problems: [] });
  }));

Deno.test("a record with another tenant or id is ignored, and a lost one is written again", () =>
  withLayout(async (layout) => {
    const file = await stage(layout);
    const path = layout.sidecar("staging", "customer-1", file.id);
    const record = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify({ ...record, tenant: "customer-2" }));
    const known = scannerFor(layout, { recordOf: () => Promise.resolve(file) });
    await known.look();
    assert.deepEqual((await known.look()).files, [file]);

    await Deno.remove(path);
    const { look } = scannerFor(layout);
    await look();
    const { files: [adopted] } = await look();
    assert.equal(adopted?.tenant, "customer-1");
    assert.notEqual(adopted?.id, file.id);
  }));

Deno.test("the versions of a file keep their order when the clock was set back, others their arrival", () => {
  const file = (name: string, version: number, receivedAt: number, id: string): StagedFile => ({
    ...{ id, tenant: "t1", name, version, size: 1, sha256: "", batch: null, receivedAt },
  });
  const names = (files: StagedFile[]) =>
    files.map((each) => `${each.name}${each.version}`).join(" ");
  const files = [file("a", 2, 50, "2"), file("b", 1, 70, "3"), file("a", 1, 100, "1")];
  assert.equal(names(inOrder(files)), "a1 b1 a2");
  fc.assert(fc.property(
    fc.array(fc.record({ name: fc.constantFrom("a", "b"), at: fc.nat(20) }), { maxLength: 12 }),
    (made) => {
      const files = made.map(({ name, at }, index) => {
        const version = made.slice(0, index).filter((each) => each.name === name).length + 1;
        return file(name, version, at, String(index).padStart(2, "0"));
      });
      const sorted = inOrder(files);
      assert.deepEqual(new Set(sorted), new Set(files));
      for (const name of ["a", "b"]) {
        const versions = sorted.filter((each) => each.name === name).map(({ version }) => version);
        assert.deepEqual(versions, versions.toSorted((a, b) => a - b));
      }
      const arrivals = files.toSorted((a, b) =>
        a.receivedAt - b.receivedAt || (a.id < b.id ? -1 : 1)
      );
      assert.deepEqual(sorted.map(({ name }) => name), arrivals.map(({ name }) => name));
    },
  ));
});

Deno.test("a scan adopts files for half a second, the tenants by turns, and says that there are more", () =>
  withLayout(async (layout) => {
    for (const name of ["1.csv", "2.csv", "3.csv"]) {
      await Deno.writeTextFile(join(await folderOf(layout), name), `${name}\n`);
    }
    await Deno.writeTextFile(join(await folderOf(layout, "customer-2"), "4.csv"), "4\n");
    const { look, time } = scannerFor(layout, { onAdopted: () => void (time.monotonic += 300) });
    await look();
    const adopted = async () => {
      const { files, arriving, isCutShort } = await look();
      return [files.map(({ tenant }) => tenant).sort(), arriving, isCutShort];
    };
    assert.deepEqual(await adopted(), [["customer-1", "customer-2"], [], true]);
    assert.deepEqual((await adopted()).slice(1), [[], undefined]);
  }));
