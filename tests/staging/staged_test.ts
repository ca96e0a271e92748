import assert from "node:assert/strict";
import { createFileIds } from "../../src/data/file_id.ts";
import { readSidecar, writeSidecar } from "../../src/staging/sidecar.ts";
import { archiveFile, folderOf, quarantineFile, restoreFile } from "../../src/staging/staged.ts";
import { surveyStaging } from "../../src/staging/survey.ts";
import { namesIn, stage, withLayout } from "./harness.ts";

const nextId = createFileIds();
const NO_ROWS = { read: 0, stored: 0, rejected: 0, skipped: 0, written: 0, replaced: 0 };
const WHY = { code: "bad", message: "m", rows: NO_ROWS, quarantinedAt: "2020-01-01T00:00:00.000Z" };

Deno.test("archive, quarantine and restore move bytes and record, and can be repeated", () =>
  withLayout(async (layout) => {
    const file = await stage(layout);
    const { tenant, id } = file;
    await archiveFile(layout, file);
    await archiveFile(layout, file);
    assert.deepEqual(await namesIn(layout.tenantFolder("archive", tenant)), [`.${id}.json`, id]);
    assert.deepEqual(await namesIn(layout.tenantFolder("staging", tenant)), []);

    await restoreFile(layout, file);
    await restoreFile(layout, file);
    assert.deepEqual((await surveyStaging(layout)).recorded, [file]);

    await quarantineFile(layout, file, WHY);
    await quarantineFile(layout, file, WHY);
    assert.deepEqual(await namesIn(layout.tenantFolder("quarantine", tenant)), [id, `${id}.json`]);
    const why = JSON.parse(await Deno.readTextFile(layout.sidecar("quarantine", tenant, id)));
    assert.deepEqual(why.reason, WHY);
    await Deno.truncate(layout.sidecar("quarantine", tenant, id), 20);
    await restoreFile(layout, file);
    assert.deepEqual(await readSidecar(layout, "staging", tenant, id), file);
    assert.equal(await folderOf(layout, tenant, id), "staging");
  }));

Deno.test("the next move completes one that was killed between record and bytes", () =>
  withLayout(async (layout) => {
    const file = await stage(layout);
    await writeSidecar(layout, "archive", file);
    assert.deepEqual((await surveyStaging(layout)).recorded, [file]);
    await archiveFile(layout, file);
    assert.deepEqual(await namesIn(layout.tenantFolder("staging", file.tenant)), []);

    await writeSidecar(layout, "staging", file);
    assert.deepEqual(await surveyStaging(layout), {
      recorded: [],
      arriving: [],
      known: [],
      problems: [],
    });
    await restoreFile(layout, file);
    assert.deepEqual(await readSidecar(layout, "staging", file.tenant, file.id), file);
    assert.equal(await readSidecar(layout, "archive", file.tenant, file.id), null);
  }));

Deno.test("a file without bytes cannot be restored", () =>
  withLayout(async (layout) => {
    const file = await stage(layout);
    await assert.rejects(restoreFile(layout, { ...file, id: nextId() }), {
      code: "file-not-found",
    });
  }));
