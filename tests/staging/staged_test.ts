import assert from "node:assert/strict";
import { adoptFile } from "../../src/staging/adopt.ts";
import { createFileIds } from "../../src/data/file_id.ts";
import type { Layout } from "../../src/data/layout.ts";
import { readSidecar, type StagedFile, writeSidecar } from "../../src/staging/sidecar.ts";
import {
  archiveFile,
  folderOf,
  quarantineFile,
  restoreFile,
  scanStaging,
} from "../../src/staging/staged.ts";
import { namesIn, sha256Hex, withLayout } from "./harness.ts";

const nextId = createFileIds();
const later = { now: () => Date.now() + 5000 };
const NO_ROWS = { read: 0, stored: 0, rejected: 0, skipped: 0, written: 0, replaced: 0 };
const WHY = { code: "bad", message: "m", rows: NO_ROWS, quarantinedAt: "2020-01-01T00:00:00.000Z" };

async function stage(layout: Layout, more: Partial<StagedFile> = {}): Promise<StagedFile> {
  const file: StagedFile = {
    id: nextId(),
    tenant: "customer-1",
    name: "a.csv",
    version: 1,
    size: 3,
    sha256: "00",
    batch: null,
    receivedAt: 1,
    ...more,
  };
  await writeSidecar(layout, "staging", file);
  await Deno.writeTextFile(layout.file("staging", file.tenant, file.id), "abc");
  return file;
}

Deno.test("a scan finds all tenants' files in the order of arrival, and skips known ones", () =>
  withLayout(async (layout) => {
    const second = await stage(layout, { receivedAt: 20 });
    const first = await stage(layout, { tenant: "customer-2", receivedAt: 10 });
    const third = await stage(layout, { receivedAt: 30 });
    assert.deepEqual(await scanStaging(layout), [first, second, third]);
    const isKnown = (tenant: string, id: string) => tenant === "customer-1" && id === second.id;
    assert.deepEqual(await scanStaging(layout, { isKnown }), [first, third]);
  }));

Deno.test("a file that was moved into staging is adopted with a new id once it has settled", () =>
  withLayout(async (layout) => {
    const folder = layout.tenantFolder("staging", "customer-1");
    await Deno.mkdir(folder);
    await Deno.writeTextFile(`${folder}/by hand.csv`, "1,2\n");
    assert.deepEqual(await scanStaging(layout), [], "it may still be written");
    const [file] = await scanStaging(layout, later);
    assert.ok(file);
    assert.deepEqual([file.name, file.size, file.version], ["by hand.csv", 4, 1]);
    assert.equal(file.sha256, sha256Hex("1,2\n"));
    assert.deepEqual(await namesIn(folder), [`.${file.id}.json`, file.id]);
    assert.deepEqual(await scanStaging(layout), [file]);
  }));

Deno.test("an interrupted adoption resumes with the same id", () =>
  withLayout(async (layout) => {
    const folder = layout.tenantFolder("staging", "customer-1");
    await Deno.mkdir(folder);
    await Deno.writeTextFile(`${folder}/a.csv`, "1");
    const stat = await Deno.lstat(`${folder}/a.csv`);
    const { id } = await adoptFile(layout, "customer-1", "a.csv", stat);
    // As if the process was killed before the rename: the record exists, the file has its old name.
    await Deno.rename(layout.file("staging", "customer-1", id), `${folder}/a.csv`);
    assert.deepEqual(await adoptFile(layout, "customer-1", "a.csv", stat).then((f) => f.id), id);
    assert.deepEqual(await namesIn(folder), [`.${id}.json`, id]);
  }));

Deno.test("hidden files, folders, symbolic links and folders without a tenant are ignored", () =>
  withLayout(async (layout) => {
    const folder = layout.tenantFolder("staging", "customer-1");
    await Deno.mkdir(`${folder}/sub`, { recursive: true });
    await Deno.writeTextFile(`${folder}/.hidden.csv`, "x");
    await Deno.symlink("/etc/passwd", `${folder}/link.csv`);
    await Deno.mkdir(`${layout.folder("staging")}/Not A Tenant`);
    await Deno.writeTextFile(`${layout.folder("staging")}/Not A Tenant/a.csv`, "x");
    await Deno.symlink(folder, `${layout.folder("staging")}/linked`);
    assert.deepEqual(await scanStaging(layout, later), []);
  }));

Deno.test("a record with another tenant or id is ignored", () =>
  withLayout(async (layout) => {
    const { id } = await stage(layout);
    const path = layout.sidecar("staging", "customer-1", id);
    const record = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify({ ...record, tenant: "customer-2" }));
    const [file] = await scanStaging(layout, later);
    assert.equal(file?.tenant, "customer-1");
    assert.notEqual(file?.id, id);
  }));

Deno.test("archive, quarantine and restore move bytes and record, and can be repeated", () =>
  withLayout(async (layout) => {
    const file = await stage(layout);
    const { tenant, id } = file;
    await archiveFile(layout, file);
    await archiveFile(layout, file);
    assert.deepEqual(await namesIn(layout.tenantFolder("archive", tenant)), [`.${id}.json`, id]);
    assert.deepEqual(await namesIn(layout.tenantFolder("staging", tenant)), []);

    assert.deepEqual(await restoreFile(layout, tenant, id), file);
    assert.deepEqual(await restoreFile(layout, tenant, id), file);
    assert.deepEqual(await scanStaging(layout), [file]);

    await quarantineFile(layout, file, WHY);
    await quarantineFile(layout, file, WHY);
    assert.deepEqual(await namesIn(layout.tenantFolder("quarantine", tenant)), [id, `${id}.json`]);
    const why = JSON.parse(await Deno.readTextFile(layout.sidecar("quarantine", tenant, id)));
    assert.deepEqual(why.reason, WHY);
    assert.deepEqual(await restoreFile(layout, tenant, id), file);
    assert.equal(await folderOf(layout, tenant, id), "staging");
  }));

Deno.test("the next move completes one that was killed between record and bytes", () =>
  withLayout(async (layout) => {
    const file = await stage(layout);
    await writeSidecar(layout, "archive", file);
    assert.deepEqual(await scanStaging(layout), [file]);
    await archiveFile(layout, file);
    assert.deepEqual(await namesIn(layout.tenantFolder("staging", file.tenant)), []);

    await writeSidecar(layout, "staging", file);
    assert.deepEqual(await scanStaging(layout, later), [], "a record without bytes is not a file");
    assert.deepEqual(await restoreFile(layout, file.tenant, file.id), file);
    assert.equal(await readSidecar(layout, "archive", file.tenant, file.id), null);
  }));

Deno.test("a file without bytes cannot be restored", () =>
  withLayout(async (layout) => {
    await assert.rejects(restoreFile(layout, "customer-1", nextId()), { code: "file-not-found" });
  }));
