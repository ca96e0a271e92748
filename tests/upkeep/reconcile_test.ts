import assert from "node:assert/strict";
import { dirname } from "node:path";
import { createFileIds } from "../../src/data/file_id.ts";
import { type FileFolder, Layout } from "../../src/data/layout.ts";
import { UploadReceipts } from "../../src/staging/upload_receipts.ts";
import { type StagedFile, writeSidecar } from "../../src/staging/sidecar.ts";
import { folderOf } from "../../src/staging/staged.ts";
import { surveyStaging } from "../../src/staging/survey.ts";
import type { FileRecord } from "../../src/storage/contract.ts";
import { openLedger } from "../../src/storage/sqlite/ledger.ts";
import { UNTRIED } from "../../src/manage/ledger.ts";
import { reconcile } from "../../src/upkeep/reconcile.ts";

const newId = createFileIds();

/** The parts of one file in a backup. */
interface Copied {
  bytes: FileFolder[];
  records: FileFolder[];
  ledger: FileRecord["state"] | null;
  hasReceipt: boolean;
}

async function copyOf(layout: Layout, name: string, copied: Copied): Promise<StagedFile> {
  const receivedAt = Date.now();
  const batch = null;
  const file = { id: newId(), tenant: "t1", name, version: 1, size: 2, batch, receivedAt };
  const staged: StagedFile = { ...file, sha256: "0".repeat(64) };
  for (const folder of copied.records) await writeSidecar(layout, folder, staged);
  for (const folder of copied.bytes) {
    const path = layout.file(folder, "t1", staged.id);
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, "x\n");
  }
  if (copied.hasReceipt) {
    using receipts = UploadReceipts.open(layout.receipts);
    receipts.insert({ ...staged, uploadId: staged.id });
  }
  const ledger = openLedger(layout.ledger);
  const { ledger: state } = copied;
  if (state !== null) {
    await ledger.insert({
      ...{ ...staged, ...UNTRIED, state, attempts: 0 },
    });
  }
  await ledger.close();
  return staged;
}

const CASES: [name: string, copied: Copied, folder: FileFolder][] = [
  [
    "moved between the copies of its bytes and its record",
    { bytes: ["staging", "archive"], records: ["archive"], ledger: "queued", hasReceipt: true },
    "staging",
  ],
  [
    "moved before it was copied",
    { bytes: ["archive"], records: ["archive"], ledger: "ingested", hasReceipt: true },
    "archive",
  ],
  [
    "received after the copy of the ledger and loaded before the copy of its bytes",
    { bytes: ["archive"], records: ["archive"], ledger: null, hasReceipt: true },
    "staging",
  ],
  [
    "received after the copy of the receipts",
    { bytes: ["staging"], records: ["staging"], ledger: "received", hasReceipt: false },
    "staging",
  ],
  [
    "received after both, and quarantined",
    { bytes: ["quarantine"], records: ["quarantine"], ledger: null, hasReceipt: false },
    "staging",
  ],
];

Deno.test("parts of a file that were copied at different times are made consistent", async (t) => {
  for (const [name, copied, folder] of CASES) {
    await t.step(name, async () => {
      const dir = await Deno.makeTempDir();
      try {
        const layout = new Layout(dir);
        await Deno.mkdir(layout.db);
        const file = await copyOf(layout, "a.csv", copied);
        await reconcile(layout);
        assert.equal(await folderOf(layout, "t1", file.id), folder);
        using receipts = UploadReceipts.open(layout.receipts);
        assert.equal(receipts.ofUpload("t1", file.id)?.name, "a.csv");
        // It keeps its id and name; it is not adopted as a new file.
        const { recorded, arriving } = await surveyStaging(layout);
        assert.deepEqual(recorded, folder === "staging" ? [file] : []);
        assert.deepEqual(arriving, []);
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    });
  }
});
