import assert from "node:assert/strict";
import { configSchema } from "../../src/config/schema.ts";
import { createFileIds } from "../../src/data/file_id.ts";
import { Layout, prepareData } from "../../src/data/layout.ts";
import { NO_ROWS } from "../../src/manage/ledger.ts";
import type { Outcome } from "../../src/manage/outcome.ts";
import { settle } from "../../src/manage/settle.ts";
import { readSidecar, type StagedFile, writeSidecar } from "../../src/staging/sidecar.ts";
import { restoreFile } from "../../src/staging/staged.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/storage.ts";
import type { TelemetryEvent } from "../../src/telemetry/events.ts";
import { fileRecord } from "../contracts/storage_fixtures.ts";

const ENDS: [Outcome, "archive" | "quarantine"][] = [
  [
    { type: "ingested", rows: NO_ROWS, moduleVersion: "v1", replacedFiles: [], notices: [] },
    "archive",
  ],
  [{ type: "quarantined", reason: { code: "c", message: "m" }, rows: null }, "quarantine"],
];

for (const [outcome, folder] of ENDS) {
  Deno.test(`settle: an ${outcome.type} file keeps its whole record, its trace included`, async () => {
    const dir = await Deno.makeTempDir();
    const layout = new Layout(dir);
    await prepareData(layout);
    const storage = openSqliteStorage(dir);
    const file: StagedFile = {
      ...{ id: createFileIds()(), tenant: "t", name: "a.csv", version: 3, size: 1 },
      ...{ sha256: "0".repeat(64), batch: "b1", receivedAt: 5 },
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    };
    await writeSidecar(layout, "staging", file);
    await Deno.writeTextFile(layout.file("staging", "t", file.id), "x");
    const { traceparent: _, ...known } = file;
    const record = fileRecord({ ...known, state: "running", attempts: 1, startedAt: 0 });
    const events: TelemetryEvent[] = [];
    const emit = (event: TelemetryEvent) => void events.push(event);
    const config = () => configSchema.parse({});
    try {
      await storage.ledger.insert(record);
      const settled = await settle({ layout, storage, emit, config }, record, outcome, 1, () => 9);
      assert.equal(settled, null);
      assert.equal((await storage.ledger.get(file.id))?.state, outcome.type);
      assert.deepEqual(events.map(({ kind }) => kind), [`file.${outcome.type}`]);
      assert.deepEqual(await readSidecar(layout, folder, "t", file.id), file);
      await restoreFile(layout, record);
      // A replay continues the trace, which the ledger does not have.
      assert.deepEqual(await readSidecar(layout, "staging", "t", file.id), file);
    } finally {
      await storage.close();
      await Deno.remove(dir, { recursive: true });
    }
  });
}
