import assert from "node:assert/strict";
import { stuckFiles } from "../../src/upkeep/doctor/stuck.ts";
import type { FileRecord } from "../../src/storage/contract.ts";
import { fileRecord } from "../contracts/storage_fixtures.ts";

const HOUR = 3_600_000;
const NOW = 100 * HOUR;

function found(files: FileRecord[], begun: string | null = null, hasOwner = true) {
  return stuckFiles({
    list: ({ state }) => Promise.resolve(files.filter((file) => file.state === state)),
    begun: () => Promise.resolve(begun),
    hasOwner: () => Promise.resolve(hasOwner),
  }, NOW);
}

const reason = (code: string) => ({ code, message: "no" });
const queued = (code: string | null, hours: number, name = "a.csv") =>
  fileRecord({
    ...{ state: "queued", name, receivedAt: NOW - hours * HOUR },
    reason: code === null ? null : reason(code),
  });

Deno.test("doctor: files that wait for a failure are counted by its code, with the oldest", async () => {
  const files = [
    queued("storage-slow", 2),
    queued("storage-slow", 5.2, "b.csv"),
    queued("version-waits", 3),
    queued("storage-slow", 0.9),
    queued(null, 9),
  ];
  const findings = await found(files);
  assert.deepEqual(findings.map(({ what }) => what), [
    "2 files waiting because of storage-slow, the oldest for 5.2 h: " +
    `a.csv of customer-1 (${files[0]!.id}), b.csv of customer-1 (${files[0]!.id})`,
    `1 file waiting because of version-waits, the oldest for 3.0 h: a.csv of customer-1 (${
      files[0]!.id
    })`,
  ]);
  for (const { hint } of findings) assert.match(hint!, /mysimbdp manage files cancel FILE-ID/);
});

Deno.test("doctor: a load that only one module version can finish, and a file nobody loads", async () => {
  const pinned = await found([queued("rows-refused", 2)], "v3-abc");
  assert.match(pinned[1]!.what, /only the module version v3-abc can finish/);
  assert.match(pinned[1]!.hint!, /files cancel FILE-ID, then mysimbdp manage replay FILE-ID/);
  const running = fileRecord({ state: "running", attempts: 1 });
  assert.deepEqual(await found([running]), []);
  const [alone] = await found([running], null, false);
  assert.match(alone!.what, /^1 file marked as running, but no manage loads it: a\.csv/);
  assert.match(alone!.hint!, /^Start manage/);
});
