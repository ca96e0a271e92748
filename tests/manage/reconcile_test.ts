import assert from "node:assert/strict";
import { configSchema } from "../../src/config/schema.ts";
import { createFileIds } from "../../src/data/file_id.ts";
import { type FileFolder, Layout, prepareData } from "../../src/data/layout.ts";
import { writeDataVersion } from "../../src/data/version.ts";
import { Reconciler } from "../../src/manage/reconcile.ts";
import type { FileState } from "../../src/protocol/file_view.ts";
import { isFinal } from "../../src/protocol/file_view.ts";
import { readSidecar, type StagedFile, writeSidecar } from "../../src/staging/sidecar.ts";
import { UploadReceipts } from "../../src/staging/upload_receipts.ts";
import type { FileRecord, Storage } from "../../src/storage/contract.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/storage.ts";
import type { TelemetryEvent } from "../../src/telemetry/events.ts";
import { checkFiles } from "../../src/upkeep/doctor/files.ts";
import { factsOf } from "../../src/upkeep/files/facts.ts";
import { fileRecord, READINGS, receiptFor } from "../contracts/storage_fixtures.ts";
import { sha256Hex } from "../staging/harness.ts";

const CONTENT = "abc";
const OTHER = "abd";
const nextId = createFileIds();

/** What is known of one file. */
interface Parts {
  /** Its record in the ledger. */
  ledger?: FileState | Partial<FileRecord>;
  /** The folders with its bytes, or the content in each. */
  bytes?: FileFolder[] | Partial<Record<FileFolder, string>>;
  /** The folders with its record. @default those of its bytes */
  sidecars?: FileFolder[];
  hasReceipt?: boolean;
  isLoaded?: boolean;
}

interface After {
  /** The disagreements that are reported, in order. */
  found: string[];
  state: FileState | null;
  code?: string;
  bytes: FileFolder[];
}

const lost = (code: string): Partial<FileRecord> => ({
  state: "refused",
  reason: { code, message: "gone" },
});

const CASES: [name: string, parts: Parts, after: After][] = [
  ["waiting, all is there", { ledger: "received", bytes: ["staging"], hasReceipt: true }, {
    ...{ found: [], state: "received", bytes: ["staging"] },
  }],
  ["loaded, all is there", { ledger: "ingested", bytes: ["archive"], isLoaded: true }, {
    ...{ found: [], state: "ingested", bytes: ["archive"] },
  }],
  ["loaded, retention has removed its bytes", { ledger: "ingested", isLoaded: true }, {
    ...{ found: [], state: "ingested", bytes: [] },
  }],
  ["failed, retention has removed its bytes", { ledger: "quarantined" }, {
    ...{ found: [], state: "quarantined", bytes: [] },
  }],
  ["received and not in the ledger yet", { bytes: ["staging"], hasReceipt: true }, {
    ...{ found: [], state: null, bytes: ["staging"] },
  }],

  ["received, its bytes are gone", { ledger: "received", hasReceipt: true }, {
    ...{ found: ["lost"], state: "refused", code: "bytes-lost", bytes: [] },
  }],
  ["queued, its bytes are gone", { ledger: "queued", sidecars: ["staging"] }, {
    ...{ found: ["lost"], state: "refused", code: "bytes-lost", bytes: [] },
  }],
  ["loading when manage was killed, its bytes are gone", { ledger: "running" }, {
    ...{ found: ["lost"], state: "refused", code: "bytes-lost", bytes: [] },
  }],
  ["committed before the ledger knew, its bytes are gone", { ledger: "running", isLoaded: true }, {
    ...{ found: ["lost"], state: "ingested", bytes: [] },
  }],
  ["replay interrupted", { ledger: "queued", bytes: ["archive"], isLoaded: true }, {
    ...{ found: ["misplaced"], state: "queued", bytes: ["staging"] },
  }],
  ["replay of a failed file interrupted", { ledger: "queued", bytes: ["quarantine"] }, {
    ...{ found: ["misplaced"], state: "queued", bytes: ["staging"] },
  }],
  ["the ledger is older than the archive", {
    ...{ ledger: "received", bytes: ["archive"], isLoaded: true },
  }, { found: ["misplaced"], state: "ingested", bytes: ["archive"] }],
  ["the ledger is older than the archive, and so are the rows", {
    ...{ ledger: "received", bytes: ["archive"] },
  }, { found: ["misplaced"], state: "received", bytes: ["staging"] }],

  ["loaded, still in staging", { ledger: "ingested", bytes: ["staging"], isLoaded: true }, {
    ...{ found: ["misplaced"], state: "ingested", bytes: ["archive"] },
  }],
  ["refused, still in staging", { ledger: "refused", bytes: ["staging"] }, {
    ...{ found: ["misplaced"], state: "refused", bytes: ["quarantine"] },
  }],
  ["failed, but in the archive", { ledger: "quarantined", bytes: ["archive"] }, {
    ...{ found: ["misplaced"], state: "quarantined", bytes: ["quarantine"] },
  }],
  ["waiting, in two folders", { ledger: "queued", bytes: ["staging", "archive"] }, {
    ...{ found: ["doubled"], state: "queued", bytes: ["staging"] },
  }],
  [
    "loaded, in two folders",
    { ledger: "ingested", bytes: ["staging", "archive"], isLoaded: true },
    {
      ...{ found: ["doubled"], state: "ingested", bytes: ["archive"] },
    },
  ],
  ["waiting, in two folders, and changed in the first", {
    ...{ ledger: "queued", bytes: { staging: OTHER, archive: CONTENT } },
  }, { found: ["doubled", "misplaced"], state: "queued", bytes: ["staging"] }],
  ["loaded, in all folders, and whole in the last", {
    ledger: "ingested",
    bytes: { staging: "a", archive: OTHER, quarantine: CONTENT },
    isLoaded: true,
  }, { found: ["doubled", "misplaced"], state: "ingested", bytes: ["archive"] }],

  ["in the archive, unknown to the ledger", { bytes: ["archive"], hasReceipt: true }, {
    ...{ found: ["unrecorded"], state: null, bytes: ["staging"] },
  }],
  ["in the archive, unknown to the ledger, rows are stored", {
    ...{ bytes: ["archive"], isLoaded: true },
  }, { found: ["unrecorded"], state: "ingested", bytes: ["archive"] }],
  ["in quarantine, unknown to the ledger", { bytes: ["quarantine"] }, {
    ...{ found: ["unrecorded"], state: null, bytes: ["staging"] },
  }],
  ["in the archive, known only by its receipt", {
    ...{ bytes: ["archive"], sidecars: [], hasReceipt: true },
  }, { found: ["unrecorded"], state: null, bytes: ["staging"] }],
  ["in the archive, unknown to all", { bytes: ["archive"], sidecars: [] }, {
    ...{ found: ["file.unknown"], state: null, bytes: ["archive"] },
  }],
  ["received, and neither its bytes nor a record are there", { hasReceipt: true }, {
    ...{ found: ["lost-unrecorded"], state: "refused", code: "bytes-lost", bytes: [] },
  }],
  ["received and loaded, the ledger is lost", { hasReceipt: true, isLoaded: true }, {
    ...{ found: ["lost-unrecorded"], state: "ingested", bytes: [] },
  }],

  ["loaded, but its rows are gone", { ledger: "ingested", bytes: ["archive"] }, {
    ...{ found: ["rows-lost"], state: "queued", bytes: ["staging"] },
  }],
  ["loaded, but its rows and its bytes are gone", { ledger: "ingested" }, {
    ...{ found: ["rows-lost"], state: "refused", code: "rows-lost", bytes: [] },
  }],
  ["loaded, but its rows are gone and its bytes are damaged", {
    ...{ ledger: "ingested", bytes: { archive: "a" } },
  }, { found: ["rows-lost"], state: "refused", code: "rows-lost", bytes: ["quarantine"] }],
  ["replaced by a later version, whose rows are stored", {
    ...{ ledger: { state: "ingested", replacedBy: "01k0000000000000000000000a" } },
  }, { found: [], state: "ingested", bytes: [] }],
  ["marked as lost, but its rows are there again", { ledger: lost("rows-lost"), isLoaded: true }, {
    ...{ found: ["rows-back"], state: "ingested", bytes: [] },
  }],
  ["marked as lost, but its bytes are there again", {
    ...{ ledger: lost("bytes-lost"), bytes: ["quarantine"] },
  }, { found: ["returned"], state: "queued", bytes: ["staging"] }],
  ["marked as lost, and a part of its bytes is there", {
    ...{ ledger: lost("bytes-lost"), bytes: { quarantine: "a" } },
  }, { found: [], state: "refused", code: "bytes-lost", bytes: ["quarantine"] }],
  ["loaded, the record beside its bytes is missing", {
    ...{ ledger: "ingested", bytes: ["archive"], sidecars: [], isLoaded: true },
  }, { found: ["no-record-beside"], state: "ingested", bytes: ["archive"] }],
];

/** Makes the file and returns it. */
async function make(layout: Layout, storage: Storage, parts: Parts): Promise<StagedFile> {
  const file: StagedFile = {
    ...{ id: nextId(), tenant: "t1", name: "a.csv", version: 1, size: CONTENT.length },
    ...{ sha256: sha256Hex(CONTENT), batch: null, receivedAt: Date.now() },
  };
  const { bytes = [], ledger } = parts;
  const contents = Array.isArray(bytes)
    ? Object.fromEntries(bytes.map((folder) => [folder, CONTENT]))
    : bytes;
  const folders = Object.keys(contents) as FileFolder[];
  for (const folder of parts.sidecars ?? folders) await writeSidecar(layout, folder, file);
  for (const folder of folders) {
    await Deno.mkdir(layout.tenantFolder(folder, "t1"), { recursive: true });
    await Deno.writeTextFile(layout.file(folder, "t1", file.id), contents[folder] ?? "");
  }
  // A tenant whose files are all gone still has its folder.
  await Deno.mkdir(layout.tenantFolder("staging", "t1"), { recursive: true });
  if (parts.hasReceipt) {
    using receipts = UploadReceipts.open(layout.receipts);
    receipts.insert({ ...file, uploadId: file.id });
  }
  if (parts.isLoaded) {
    const load = await storage.begin("t1", file.id, [READINGS]);
    await load.commit(receiptFor(0));
  }
  if (ledger !== undefined) {
    const given = typeof ledger === "string" ? { state: ledger } : ledger;
    const isEnd = isFinal(given.state ?? "received");
    const times = { attempts: isEnd ? 1 : 0, finishedAt: isEnd ? 1_000 : null };
    const reason = isEnd && given.state !== "ingested" ? { code: "c", message: "m" } : null;
    await storage.ledger.insert(fileRecord({ ...file, ...times, reason, ...given }));
  }
  return file;
}

async function withStorage(test: (layout: Layout, storage: Storage) => Promise<void>) {
  const dir = await Deno.makeTempDir({ prefix: "mysimbdp-reconcile-" });
  const layout = new Layout(dir);
  await prepareData(layout);
  await writeDataVersion(layout, 1);
  const storage = openSqliteStorage(dir);
  try {
    await test(layout, storage);
  } finally {
    await storage.close();
    await Deno.remove(dir, { recursive: true });
  }
}

/** Checks once. @returns the disagreements that were reported */
async function reconcile(layout: Layout, storage: Storage, running?: string): Promise<string[]> {
  const events: TelemetryEvent[] = [];
  const reconciler = new Reconciler({
    ...{ layout, storage },
    emit: (event) => void events.push(event),
    config: () => configSchema.parse({}),
    disk: { shortage: () => null },
    isRunning: (id) => id === running,
  });
  await reconciler.check(60_000);
  return events.flatMap((event) => {
    if (event.kind === "problem.ended") return [];
    return event.kind === "file.reconciled" ? event.disagreement : event.kind;
  });
}

for (const [name, parts, after] of CASES) {
  Deno.test(`reconcile: ${name}`, () =>
    withStorage(async (layout, storage) => {
      const file = await make(layout, storage, parts);
      const doctor = await checkFiles({
        config: configSchema.parse({ data: layout.root }),
        layout,
        now: Date.now(),
      });
      assert.equal(doctor[0]?.state, after.found.length === 0 ? "ok" : "warning");
      assert.equal(doctor.length, 1);
      assert.deepEqual(await reconcile(layout, storage), after.found);
      const facts = await factsOf(
        { layout, ledger: storage.ledger, receipts: null },
        "t1",
        file.id,
      );
      assert.equal(facts.record?.state ?? null, after.state);
      if (after.code) assert.equal(facts.record?.reason?.code, after.code);
      assert.deepEqual(facts.bytes, after.bytes);
      for (const folder of after.found[0] === "file.unknown" ? [] : after.bytes) {
        const beside = await readSidecar(layout, folder, "t1", file.id);
        assert.equal(beside?.name, "a.csv");
      }
      // The whole copy was kept.
      if (after.found[0] === "doubled") {
        const [folder] = after.bytes;
        assert.equal(await Deno.readTextFile(layout.file(folder!, "t1", file.id)), CONTENT);
      }
      // What was repaired stays so; only unknown bytes are reported again.
      const again = await reconcile(layout, storage);
      assert.deepEqual(again, after.found.filter((kind) => kind === "file.unknown"));
    }));
}

Deno.test("reconcile: a file that this process is loading is left alone", () =>
  withStorage(async (layout, storage) => {
    const { id } = await make(layout, storage, { ledger: "running" });
    assert.deepEqual(await reconcile(layout, storage, id), []);
    assert.equal((await storage.ledger.get(id))?.state, "running");
  }));

Deno.test("reconcile: a lost file that was sent again is not loaded twice when its bytes return", () =>
  withStorage(async (layout, storage) => {
    const parts: Parts = { ledger: lost("bytes-lost"), bytes: ["quarantine"] };
    const { id } = await make(layout, storage, parts);
    await make(layout, storage, { ledger: "ingested", bytes: ["archive"], isLoaded: true });
    assert.deepEqual(await reconcile(layout, storage), []);
    assert.equal((await storage.ledger.get(id))?.state, "refused");
  }));

Deno.test("reconcile: without the version file nothing is touched, as another disk may be mounted", () =>
  withStorage(async (layout, storage) => {
    const { id } = await make(layout, storage, { ledger: "received" });
    await Deno.remove(`${layout.root}/version`);
    assert.deepEqual(await reconcile(layout, storage), ["reconcile.failed"]);
    assert.equal((await storage.ledger.get(id))?.state, "received");
  }));

Deno.test("reconcile: rows that are lost are loaded again in the order of the files' arrival", () =>
  withStorage(async (layout, storage) => {
    for (let file = 0; file < 5; file++) {
      await make(layout, storage, { ledger: "ingested", bytes: ["archive"] });
    }
    assert.deepEqual(await reconcile(layout, storage), Array(5).fill("rows-lost"));
    assert.equal((await storage.ledger.pending()).length, 5);
  }));
